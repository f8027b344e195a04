/** An upstream that dies, slows down and comes back: what was known goes on being answered, told as stale, and no longer than needed. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import type { Scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { drop, later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const OLD: Script = () => reply({ answers: ['@ 1 IN A 192.0.2.1'], authenticData: true });
const NEW: Script = () => reply({ answers: ['@ 1 IN A 192.0.2.2'] });
const STALE = ['example.org. 30 IN A 192.0.2.1'];

interface Told {
  readonly rcode: string;
  readonly answer: readonly string[];
  readonly flags: readonly string[];
  readonly error: string | undefined;
  readonly ms: number;
}

interface Setting {
  readonly upstream: ScriptedUpstream;
  readonly ask: (name?: string) => Promise<Told>;
  readonly metrics: () => Promise<Scrape>;
}

/** A daemon with short TTLs in front of an upstream, whose answer to example.org is known. */
async function start(cacheLines: string): Promise<Setting> {
  const upstream = await startScriptedUpstream(OLD);
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      cache {
        success 1024 3600 0
        denial 1024 3600 0
        ${cacheLines}
      }
      forward . 127.0.0.1:${upstream.port} {
        read_timeout 1s
        max_connect_attempts 1
        max_fails 0
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  const ask = async (name = 'example.org'): Promise<Told> => {
    const began = performance.now();
    // AD is set, to be told what is authentic.
    const message = await client.ask(rawQuery({ name, id: ++id, flags: 0x0120, edns: {} }));
    const { rcode, answer, flags } = readReply(message);
    return { rcode, answer, flags, error: readOpt(message)?.error, ms: performance.now() - began };
  };
  const fresh = await ask();
  expect(fresh).toMatchObject({ rcode: 'NOERROR', error: undefined });
  expect(fresh.flags).toContain('ad');
  return { upstream, ask, metrics: () => scrape(metricsPort) };
}

/** Asks until the answer is told as stale. */
async function firstStale(ask: Setting['ask']): Promise<Told> {
  let told = await ask();
  await eventually(async () => {
    told = await ask();
    return told.error !== undefined;
  });
  return told;
}

const countOf = ({ queries }: ScriptedUpstream, name: string): number =>
  queries.filter((query) => query.name === `${name}.`).length;

describe('an upstream that dies', () => {
  it.each(['serve_stale 1h', 'serve_stale 1h immediate 30s 1s', 'serve_stale 1h verify 200ms'])(
    'costs nobody an answer that was known: %s',
    async (line) => {
      const { upstream, ask, metrics } = await start(line);
      await upstream.close();
      const told = await firstStale(ask);
      expect(told).toMatchObject({ rcode: 'NOERROR', answer: STALE, error: '3' });
      expect(told.flags).not.toContain('ad');
      for (let i = 0; i < 200; i++) expect(await ask()).toMatchObject({ answer: STALE, error: '3' });
      expect(await ask('unknown.example')).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
      expect((await metrics()).sum('coredns_cache_served_stale_total')).toBeGreaterThan(200);
    },
  );

  it('is seen by all without serve_stale', async () => {
    const { upstream, ask, metrics } = await start('');
    await upstream.close();
    const told = await firstStale(ask);
    expect(told).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
    expect(told.error).toMatch(/^23 /);
    expect((await metrics()).families.has('coredns_cache_served_stale_total')).toBe(false);
  });

  it('is asked again when it is back, and its answer is the one from then on', async () => {
    const { upstream, ask } = await start('serve_stale 1h immediate 30s 1s');
    const { port } = upstream;
    await upstream.close();
    await firstStale(ask);
    const again = await startScriptedUpstream(NEW, { port });
    onTestFinished(() => again.close());
    await eventually(async () => (await ask()).answer.join().endsWith('192.0.2.2'));
  });
});

describe('an upstream that is silent', () => {
  it('is asked once in the time to check again, by however many', async () => {
    const { upstream, ask } = await start('serve_stale 1h immediate 30s 2s');
    await firstStale(ask);
    const times: number[] = [];
    upstream.script = () => {
      times.push(performance.now());
      return drop();
    };
    // What was answered meanwhile expires again, and is asked for twice.
    await eventually(async () => {
      await Promise.all(Array.from({ length: 20 }, () => ask()));
      return times.length === 2;
    });
    // A second of silence, and two before the next try.
    expect(times[1] - times[0]).toBeGreaterThan(2_900);
  });

  it('has its time where it is to be asked first, once', async () => {
    const { upstream, ask } = await start('serve_stale 1h verify 300ms');
    upstream.script = () => drop();
    const told = await firstStale(ask);
    expect(told).toMatchObject({ answer: STALE, error: '3' });
    expect(told.ms).toBeGreaterThan(290);
    const before = countOf(upstream, 'example.org');
    const many = await Promise.all(Array.from({ length: 50 }, () => ask()));
    for (const { answer } of many) expect(answer).toEqual(STALE);
    expect(countOf(upstream, 'example.org')).toBe(before);
  });
});

describe('an upstream that is slow', () => {
  it('is waited for within its time', async () => {
    const { upstream, ask } = await start('serve_stale 1h verify 5s');
    upstream.script = () => later(300, reply({ answers: ['@ 60 IN A 192.0.2.2'] }));
    await eventually(async () => {
      const { answer, error } = await ask();
      expect(error).toBeUndefined();
      return answer[0].endsWith('192.0.2.2');
    });
  });

  it('brings its answer for later clients when its time is over', async () => {
    const { upstream, ask } = await start('serve_stale 1h verify 100ms');
    upstream.script = () => later(500, reply({ answers: ['@ 60 IN A 192.0.2.2'] }));
    expect(await firstStale(ask)).toMatchObject({ answer: STALE });
    await eventually(async () => (await ask()).answer[0].endsWith('192.0.2.2'));
    expect(countOf(upstream, 'example.org')).toBe(2);
  });
});

describe('an upstream that answers', () => {
  it.each(['SERVFAIL', 'REFUSED'])('with %s takes no answer away', async (rcode) => {
    const { upstream, ask } = await start('serve_stale 1h verify');
    upstream.script = () => reply({ rcode });
    expect(await firstStale(ask)).toMatchObject({ rcode: 'NOERROR', answer: STALE, error: '3' });
    expect(await ask()).toMatchObject({ rcode: 'NOERROR', answer: STALE });
  });

  it.each(['immediate', 'verify'])(
    'with NXDOMAIN ends what was known, which is stale then itself: %s',
    async (mode) => {
      const { upstream, ask } = await start(`serve_stale 1h ${mode}`);
      upstream.script = () =>
        reply({ rcode: 'NXDOMAIN', authority: ['org. 1 IN SOA ns.org. admin.org. 1 7200 3600 86400 1'] });
      await eventually(async () => (await ask()).rcode === 'NXDOMAIN');
      await upstream.close();
      const told = await firstStale(ask);
      expect(told).toMatchObject({ rcode: 'NXDOMAIN', answer: [], error: '19' });
    },
  );
});
