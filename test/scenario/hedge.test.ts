/** `hedge` asks a second upstream when the first takes longer than it used to: soon enough for the client, and seldom enough for the upstreams. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { drop, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const answer: Script = () => reply({ answers: ['@ 30 IN A 192.0.2.1'] });

interface Resolver {
  readonly first: ScriptedUpstream;
  readonly second: ScriptedUpstream;
  /** Milliseconds that the answer took. */
  readonly ask: (name: string) => Promise<number>;
  readonly hedges: () => Promise<number>;
}

async function startResolver(options: string): Promise<Resolver> {
  const [first, second] = await Promise.all([startScriptedUpstream(answer), startScriptedUpstream(answer)]);
  onTestFinished(() => Promise.all([first.close(), second.close()]).then(() => undefined));
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      forward . 127.0.0.1:${first.port} 127.0.0.1:${second.port} {
        policy sequential
        max_fails 0
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  return {
    first,
    second,
    ask: async (name) => {
      const began = performance.now();
      expect(readReply(await client.ask(rawQuery({ name, id: ++id }))).rcode).toBe('NOERROR');
      return performance.now() - began;
    },
    hedges: async () => (await scrape(metricsPort)).sum('nodelocaldns_forward_hedges_total'),
  };
}

describe.each([
  ['UDP', ''],
  ['TCP', 'force_tcp'],
])('with hedge, over %s', (_, options) => {
  it('asks the second upstream when the first is silent, and no sooner', async () => {
    const { first, second, ask, hedges } = await startResolver(`hedge\n ${options}`);
    for (let i = 0; i < 20; i++) await ask(`warm-${i}.example.`);
    expect(second.queries.length).toBeLessThanOrEqual(2);
    const before = await hedges();
    first.script = () => drop();
    // After 50 ms, here where answers take next to nothing; 450 ms is what may pass at most.
    expect(await ask('silent.example.')).toBeLessThan(1_000);
    expect(second.queries.at(-1)).toMatchObject({ name: 'silent.example.' });
    expect(await hedges()).toBe(before + 1);
  });
});

it('with hedge asks the second one for one question in twenty at most, beside ten', async () => {
  const { first, second, ask, hedges } = await startResolver('hedge\n read_timeout 200ms');
  first.script = () => drop();
  const count = 60;
  await Promise.all(Array.from({ length: count }, (_, i) => ask(`silent-${i}.example.`)));
  expect(await hedges()).toBeGreaterThanOrEqual(10);
  expect(await hedges()).toBeLessThanOrEqual(10 + count / 20);
  // The others waited for the first one's time to be over.
  expect(second.queries).toHaveLength(count);
});

it('without it the second upstream is asked when the first has had its time', async () => {
  const { first, ask, hedges } = await startResolver('read_timeout 700ms');
  first.script = () => drop();
  expect(await ask('silent.example.')).toBeGreaterThan(690);
  expect(await hedges()).toBe(0);
});
