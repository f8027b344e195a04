/**
 * One client asks for more names that nobody has asked for than may begin: it waits behind itself and is turned away itself. Others, who come
 * after all of that, are answered: whatever they ask for, and where the number of exchanges is limited too.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { LONGEST_LINE } from '../../../src/chain/exchange-gate.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { scrape } from '../../support/page.ts';
import type { Scrape } from '../../support/page.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { readOpt } from '../../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { UdpClient } from '../../support/udp-client.ts';

/** Sockets enough to hold the flood with the buffers that every kernel grants, while the daemon is stopped. */
const ADDRESSES = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 1}`);
const FLOODER = '127.0.1.66';
const FLOOD_EACH = 160;
const OTHERS_EACH = 5;

interface Overload {
  readonly daemon: Daemon;
  readonly port: number;
  readonly metrics: () => Promise<Scrape>;
}

async function start(forward = ''): Promise<Overload> {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind ${ADDRESSES.join(' ')}
      prometheus 127.0.0.1:${metricsPort}
      errors
      cache
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        ${forward}
      }
    }
`,
  });
  return { daemon, port, metrics: () => scrape(metricsPort) };
}

const rcodesOf = async (answers: readonly Promise<Buffer>[]): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for (const answer of await Promise.all(answers)) {
    const { rcode } = readReply(answer);
    counts.set(rcode, (counts.get(rcode) ?? 0) + 1);
  }
  return counts;
};

const askAll = (
  clients: readonly UdpClient[],
  count: number,
  name: (address: number, query: number) => string,
): Promise<Buffer>[] =>
  clients.flatMap((client, address) =>
    Array.from({ length: count }, (_, id) =>
      client.ask(rawQuery({ name: `${name(address, id)}.example.org`, id, edns: {} })),
    ),
  );

/** The names that the flood asks for last. */
const lastOfTheFlood = (address: number, query: number): string =>
  `flood-${address}-${FLOOD_EACH - 1 - query}`;

/** Everything is there when the daemon reads the first of it: the flood first, then what the others ask. */
async function flood(
  { daemon, port }: Overload,
  nameOf: (address: number, query: number) => string = (address, query) => `other-${address}-${query}`,
): Promise<{ flooded: Promise<Buffer>[]; others: Promise<Buffer>[] }> {
  const open = (from: (index: number) => string): Promise<UdpClient[]> =>
    Promise.all(ADDRESSES.map((host, index) => UdpClient.open({ host, port, from: from(index) })));
  const [flooders, modest] = await Promise.all([
    open(() => FLOODER),
    open((index) => `127.0.2.${index + 1}`),
  ]);
  daemon.signal('SIGSTOP');
  const flooded = askAll(flooders, FLOOD_EACH, (address, query) => `flood-${address}-${query}`);
  const others = askAll(modest, OTHERS_EACH, nameOf);
  daemon.signal('SIGCONT');
  return { flooded, others };
}

describe('a client that asks for more than may begin', () => {
  it('is turned away, and nobody else is', async () => {
    const overload = await start();
    const { flooded, others } = await flood(overload);
    expect(await rcodesOf(others)).toEqual(new Map([['NOERROR', ADDRESSES.length * OTHERS_EACH]]));
    const refused = (await Promise.all(flooded)).filter((answer) => readReply(answer).rcode === 'SERVFAIL');
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map((answer) => readOpt(answer)?.error))).toEqual(new Set(['0 too many queries']));
    const metrics = await overload.metrics();
    const shed = (reason: string): number => metrics.sum('nodelocaldns_exchanges_shed_total', { reason });
    expect(shed('line_full')).toBeGreaterThan(0);
    expect(shed('line_full') + shed('pushed_out') + shed('waited_too_long')).toBe(refused.length);
    expect(ADDRESSES.length * FLOOD_EACH).toBeGreaterThan(LONGEST_LINE);
  });

  it('gives a few lines of log, and one that says how many more there are', async () => {
    const overload = await start();
    const { flooded } = await flood(overload);
    await Promise.all(flooded);
    overload.daemon.signal('SIGTERM');
    await overload.daemon.ended;
    const errors = overload.daemon
      .lines()
      .filter((line) => line.includes('too many queries wait to be asked upstream'));
    expect(errors.length).toBeLessThanOrEqual(21);
    expect(errors.at(-1)).toMatch(
      /\d+ more errors occurred in last 10s; most frequent, \d+ in all: too many/,
    );
  });

  it('does not take with it the names that others want too', async () => {
    const overload = await start();
    const { others } = await flood(overload, lastOfTheFlood);
    expect(await rcodesOf(others)).toEqual(new Map([['NOERROR', ADDRESSES.length * OTHERS_EACH]]));
  });

  it('does not use up max_concurrent', async () => {
    const overload = await start('max_concurrent 1000');
    const { flooded, others } = await flood(overload);
    expect(await rcodesOf(others)).toEqual(new Map([['NOERROR', ADDRESSES.length * OTHERS_EACH]]));
    expect((await rcodesOf(flooded)).get('REFUSED')).toBeGreaterThan(0);
  });
});
