/** What options of `forward` decide: which questions an upstream gets, who is asked in its place, and which connections are kept. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ReplySpec, Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const block = (zone: string, port: number, lines: string): string =>
  `${zone}:${port} {\n bind 127.0.0.1\n ${lines}\n}\n`;

describe('who is asked', () => {
  const authority = ['test. 30 IN SOA ns.test. root.test. 1 1 1 1 30'];
  /** What the first upstream says of names that begin like this. */
  const notFound: Readonly<Record<string, ReplySpec>> = {
    gone: { rcode: 'NXDOMAIN', authority },
    empty: { authority },
    refused: { rcode: 'REFUSED' },
    hopeless: { rcode: 'REFUSED' },
    broken: { rcode: 'SERVFAIL' },
  };
  let first: ScriptedUpstream;
  let second: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  beforeAll(async () => {
    first = await startScriptedUpstream(({ name }) =>
      reply(notFound[name.split('.', 1)[0]] ?? { answers: ['@ 30 IN A 192.0.2.1'] }),
    );
    second = await startScriptedUpstream(({ name }) =>
      reply(name.startsWith('hopeless.') ? { rcode: 'SERVFAIL' } : { answers: ['@ 30 IN A 192.0.2.2'] }),
    );
    port = await freePort();
    const [one, two] = [first, second].map((upstream) => `127.0.0.1:${upstream.port}`);
    const both = (options: string): string => `forward . ${one} {\n ${options}\n }\n forward . ${two}`;
    daemon = await startDaemon({
      corefile: [
        block('alone.test', port, `forward of.alone.test ${one}`),
        block(
          'except.test',
          port,
          `forward of.except.test ${one} {\n except not.of.except.test nor.of.except.test\n }\n forward . ${two}`,
        ),
        block('next.test', port, both('next NXDOMAIN REFUSED')),
        block('nodata.test', port, both('next_on_nodata')),
        block(
          'failover.test',
          port,
          `forward . ${one} ${two} {\n policy sequential\n failover SERVFAIL REFUSED\n }`,
        ),
      ].join(''),
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await Promise.all([first.close(), second.close()]);
  });

  /** The address that is told, or the rcode without one; and which upstreams heard the question, in their order. */
  const ask = async (name: string): Promise<string> => {
    const client = await UdpClient.open({ port });
    const { rcode, answer } = readReply(await client.ask(rawQuery({ name })));
    const heard = [first, second].map(({ queries }) => queries.filter((query) => query.name === `${name}.`));
    const asked = ['first', 'second'].filter((_, i) => heard[i].length > 0);
    return [answer[0]?.split(' ').at(-1) ?? rcode, ...asked].join(' ');
  };

  it.each([
    ['of.alone.test', '192.0.2.1 first'],
    ['www.of.alone.test', '192.0.2.1 first'],
    ['alone.test', 'SERVFAIL'],
    ['www.alone.test', 'SERVFAIL'],
    ['none-of.alone.test', 'SERVFAIL'],
  ])('FROM: nobody but for names in it (%s: %s)', async (name, told) => {
    expect(await ask(name)).toBe(told);
  });

  it.each([
    ['of.except.test', '192.0.2.1 first'],
    ['www.of.except.test', '192.0.2.1 first'],
    ['why-not.of.except.test', '192.0.2.1 first'],
    ['not.of.except.test', '192.0.2.2 second'],
    ['www.nor.of.except.test', '192.0.2.2 second'],
    ['www.except.test', '192.0.2.2 second'],
  ])('`except`: not for names in one of its zones (%s: %s)', async (name, told) => {
    expect(await ask(name)).toBe(told);
  });

  it.each([
    ['www.next.test', '192.0.2.1 first'],
    ['gone.next.test', '192.0.2.2 first second'],
    ['refused.next.test', '192.0.2.2 first second'],
    ['broken.next.test', 'SERVFAIL first'],
    ['empty.next.test', 'NOERROR first'],
  ])('`next`: the next line after one of its rcodes (%s: %s)', async (name, told) => {
    expect(await ask(name)).toBe(told);
  });

  it.each([
    ['www.nodata.test', '192.0.2.1 first'],
    ['empty.nodata.test', '192.0.2.2 first second'],
    ['gone.nodata.test', 'NXDOMAIN first'],
  ])('`next_on_nodata`: the next line after an answer without data (%s: %s)', async (name, told) => {
    expect(await ask(name)).toBe(told);
  });

  it.each([
    ['www.failover.test', '192.0.2.1 first'],
    ['broken.failover.test', '192.0.2.2 first second'],
    ['refused.failover.test', '192.0.2.2 first second'],
    ['gone.failover.test', 'NXDOMAIN first'],
    ['hopeless.failover.test', 'SERVFAIL first second'],
  ])('`failover`: another upstream of the line after one of its rcodes (%s: %s)', async (name, told) => {
    expect(await ask(name)).toBe(told);
  });
});

/** Two upstreams, each with a zone and options of its own. */
async function serve(
  script: Script,
  options: Readonly<Record<string, string>>,
): Promise<{ client: UdpClient; upstreams: ScriptedUpstream[] }> {
  const zones = Object.entries(options);
  const upstreams = await Promise.all(zones.map(() => startScriptedUpstream(script)));
  onTestFinished(() => Promise.all(upstreams.map((upstream) => upstream.close())).then(() => undefined));
  const port = await freePort();
  const lines = zones.map(([zone, words], i) =>
    block(zone, port, `forward . 127.0.0.1:${upstreams[i].port} {\n force_tcp\n ${words}\n }`),
  );
  await startDaemon({ corefile: lines.join('') });
  return { client: await UdpClient.open({ port }), upstreams };
}

describe('connections', () => {
  it('end with `max_age`, idle or not', async () => {
    const { client, upstreams } = await serve(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }), {
      'aged.test': 'expire 1s\n max_age 1s',
      'ageless.test': 'expire 1s',
    });
    const [aged, ageless] = upstreams;
    let id = 0;
    const askBoth = async (): Promise<void> => {
      for (const zone of ['aged.test', 'ageless.test']) await client.ask(rawQuery({ name: zone, id: ++id }));
    };
    await eventually(async () => {
      await askBoth();
      return aged.connections < aged.accepted;
    });
    expect(ageless.connections).toBe(ageless.accepted);
    await askBoth();
    expect(aged.queries.at(-1)?.connection).toBeGreaterThan(1);
  });

  it('that have nothing to do are `max_idle_conns` at most', async () => {
    const gate = Promise.withResolvers<void>();
    const { client, upstreams } = await serve(
      () => later(gate.promise, reply({ answers: ['@ 30 IN A 192.0.2.1'] })),
      { 'bounded.test': 'max_idle_conns 1', 'free.test': '' },
    );
    const [bounded, free] = upstreams;
    const names = Array.from({ length: 6 }, (_, i) => [`n${i}.bounded.test`, `n${i}.free.test`]).flat();
    const answers = Promise.all(names.map((name, id) => client.ask(rawQuery({ name, id }))));
    // Two questions on each, until it has been seen to answer out of order.
    await Promise.all(upstreams.map((upstream) => upstream.waitForQueries(6)));
    for (const { accepted } of upstreams) expect(accepted).toBeGreaterThanOrEqual(3);
    gate.resolve();
    await answers;
    await bounded.waitForConnections(1);
    expect(free.connections).toBe(free.accepted);
  });
});
