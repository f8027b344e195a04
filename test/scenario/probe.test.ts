/**
 * The guard's question is answered by the server itself: on every listener, whatever the Corefile says, with the name of this start and
 * whether it goes on serving; and nobody else notices it, in the log, in the metrics or upstream.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';

const { available, reason } = requireTools('dig');

interface Served {
  readonly daemon: Daemon;
  readonly upstream: ScriptedUpstream;
  readonly ports: readonly number[];
  readonly pages: number;
}

interface Start {
  readonly instance?: string;
  readonly directives?: string;
  readonly args?: readonly string[];
}

/** Two servers: one for everything, with all that could notice a query, and one for a zone that the probe is not in. */
async function startServing({ instance, directives = '', args = [] }: Start = {}): Promise<Served> {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, narrow, pages] = await Promise.all([freePort(), freePort(), freePort()]);
  const corefile = `.:${port} {
      bind 127.0.0.1
      ${directives}
      log
      errors
      prometheus 127.0.0.1:${pages}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
    example.org:${narrow} {
      bind 127.0.0.1
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const env = { NODELOCALDNS_INSTANCE: instance };
  return { daemon: await startDaemon({ corefile, args, env }), upstream, ports: [port, narrow], pages };
}

const probe = (port: number, ...more: readonly string[]): ReturnType<typeof dig> =>
  dig(['@127.0.0.1', '-p', `${port}`, 'CH', 'TXT', 'probe.nodelocaldns', '+tries=1', '+time=2', ...more]);

const short = async (port: number, ...more: readonly string[]): Promise<string> =>
  (await probe(port, '+short', ...more)).text.trim();

describe.skipIf(!available)(`the probe ${reason}`, () => {
  it.each(['batch', 'dgram'])('is answered on every port over UDP and TCP, with --udp=%s', async (udp) => {
    const { ports } = await startServing({ instance: 'Lab-7', args: ['--udp', udp] });
    for (const port of ports) {
      for (const transport of ['+notcp', '+tcp']) {
        expect(await short(port, transport)).toBe('"id=Lab-7" "state=serving" "v=1"');
      }
    }
  });

  it('is answered NOERROR with a TTL of 0, in the case of the question', async () => {
    const { ports } = await startServing({ instance: 'a' });
    const { text } = await dig([
      '@127.0.0.1',
      '-p',
      `${ports[0]}`,
      'CH',
      'TXT',
      'PROBE.nodeLocalDNS',
      '+tries=1',
      '+noedns',
    ]);
    expect(text).toMatch(/status: NOERROR/);
    expect(text).toMatch(/^PROBE\.nodeLocalDNS\.\s+0\s+CH\s+TXT\s+"id=a"/m);
  });

  it('is asked of nobody else, logged nowhere and counted nowhere', async () => {
    const { daemon, upstream, ports, pages } = await startServing();
    const counted = async (): Promise<string[]> => {
      const { families } = await scrape(pages);
      return [...families.values()]
        .flatMap(({ series }) => series)
        .filter(({ name }) => /^(?:coredns|nodelocaldns)_/.test(name))
        .map(({ name, labels, value }) => `${name} ${[...labels].join(' ')} ${value}`);
    };
    const before = await counted();
    const lines = daemon.lines().length;
    for (const port of ports) await Promise.all([probe(port, '+notcp'), probe(port, '+tcp')]);
    expect(await counted()).toEqual(before);
    expect(upstream.queries).toHaveLength(0);
    // What is logged and counted like any query: the line that comes shows that none was on its way.
    await dig(['@127.0.0.1', '-p', `${ports[0]}`, 'CH', 'TXT', 'other.nodelocaldns', '+tries=1']);
    await daemon.waitForLine(/other\.nodelocaldns/);
    expect(daemon.lines().slice(lines)).toHaveLength(1);
    expect(await counted()).not.toEqual(before);
  });

  it('has another name at each start that is given none', async () => {
    const names = await Promise.all(
      [1, 2].map(async () => {
        const { ports } = await startServing();
        return /"id=([0-9A-Za-z-]{1,64})"/.exec(await short(ports[0]))?.[1];
      }),
    );
    expect(names[0]).toBeDefined();
    expect(names[1]).toBeDefined();
    expect(names[0]).not.toBe(names[1]);
  });

  it('has a name of its own where the one that it is given is none, and says so', async () => {
    const { daemon, ports } = await startServing({ instance: 'not a name' });
    expect(await short(ports[0])).toMatch(/"id=[0-9A-Za-z-]{1,64}"/);
    expect(daemon.lines().join('\n')).toMatch(/WARNING.*NODELOCALDNS_INSTANCE.*"not a name"/);
  });

  it('has one name for all processes of multisocket', async () => {
    const { daemon, ports } = await startServing({ directives: 'multisocket 3' });
    await daemon.waitForLine(/3 workers serve$/);
    const texts = await Promise.all(Array.from({ length: 24 }, () => short(ports[0])));
    expect(new Set(texts).size).toBe(1);
  });

  it('says that it is draining as soon as a stop has begun', async () => {
    const directives = `health 127.0.0.1:${await freePort()} {\n lameduck 30s\n }`;
    const { daemon, ports } = await startServing({ instance: 'a', directives });
    const goingOn = daemon.waitForLine(/lameduck mode/);
    daemon.signal('SIGTERM');
    await goingOn;
    for (const transport of ['+notcp', '+tcp']) {
      expect(await short(ports[0], transport)).toBe('"id=a" "state=draining" "v=1"');
    }
  });
});
