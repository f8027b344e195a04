/** What one client with many TCP connections, or with heavy ones, may take from others: no place, and no memory beyond a bound. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Outcome, Reply } from '../../src/chain/outcome.ts';
import { Flooders } from '../../src/listen/flooders.ts';
import { MAX_IN_FLIGHT } from '../../src/listen/tcp-connection.ts';
import { MAX_CONNECTIONS, MAX_HELD_OCTETS } from '../../src/listen/tcp.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { addressReply, atOnce, endpointOf, refusing } from './harness.ts';
import { answers, ask, listen, openConnections, until } from './tcp-harness.ts';
import type { Opened } from './tcp-harness.ts';

const GREEDY = '127.0.0.7';
const OTHER = '127.0.0.8';

const open = ({ listener }: Opened, from: string): Promise<TcpClient> =>
  TcpClient.open({ port: listener.port, from });

const pushedOut = ({ around }: Opened): number =>
  around.metrics.value('nodelocaldns_tcp_connections_pushed_out_total') ?? 0;

/** As many as are kept. */
async function openAll(opened: Opened, from: string): Promise<TcpClient[]> {
  const clients: TcpClient[] = [];
  while (clients.length < MAX_CONNECTIONS) {
    clients.push(...(await Promise.all(Array.from({ length: 256 }, () => open(opened, from)))));
  }
  await until(() => openConnections(opened.around) === MAX_CONNECTIONS);
  return clients;
}

describe('a client that has all connections', () => {
  it('loses those that it uses least to others, who are answered', async () => {
    const opened = await listen(endpointOf(atOnce));
    const greedy = await openAll(opened, GREEDY);
    opened.around.clock.advance(1);
    // All but two are in use.
    expect(await Promise.all(greedy.slice(2).map((client) => answers(client)))).not.toContain(false);
    const others = [await open(opened, OTHER), await open(opened, OTHER)];
    for (const other of others) expect(await answers(other)).toBe(true);
    await Promise.all(greedy.slice(0, 2).map(({ ended }) => ended));
    expect(await Promise.all(greedy.slice(2).map((client) => answers(client)))).not.toContain(false);
    expect(pushedOut(opened)).toBe(2);
    expect(opened.around.metrics.value('nodelocaldns_tcp_connections_rejected_total')).toBe(0);
  });

  it('gets no more of them', async () => {
    const opened = await listen(endpointOf(atOnce));
    const other = await open(opened, OTHER);
    expect(await answers(other)).toBe(true);
    await openAll(opened, GREEDY);
    await (
      await open(opened, GREEDY)
    ).ended;
    expect(await answers(other)).toBe(true);
    expect(pushedOut(opened)).toBe(0);
  });
});

it('a client that opens more than there may be is kept out for a while, others are not', async () => {
  // However long it takes to open them, it is within a second; and the while is over when it may pass.
  const pass = vi.spyOn(Flooders.prototype, 'pass').mockReturnValue(false);
  onTestFinished(() => pass.mockRestore());
  const opened = await listen(endpointOf(atOnce));
  const keptOut = (): number => opened.around.metrics.value('nodelocaldns_tcp_clients_kept_out_total') ?? 0;
  await openAll(opened, GREEDY);
  expect(keptOut()).toBe(0);
  await (
    await open(opened, GREEDY)
  ).ended;
  expect(keptOut()).toBe(1);
  let isIn = false;
  const late = open(opened, GREEDY).then(() => (isIn = true));
  expect(await answers(await open(opened, OTHER))).toBe(true);
  expect(isIn).toBe(false);
  pass.mockRestore();
  // Its SYN comes again.
  await late;
});

describe('connections that hold memory', () => {
  const RECORDS = 4_000;
  const READERS = 6;
  /** So many answers of 64 KB each come at once, when the kernel has taken what it takes of the others, some 4 MB. */
  const LATE = MAX_IN_FLIGHT - 4;
  const EARLY = 100;

  it('are closed when all together hold too much: those of who never reads, and not of who does', async () => {
    const late: ((outcome: Outcome) => void)[] = [];
    let large: Reply | undefined;
    const opened = await listen(
      endpointOf((query) => {
        if (query.nameText === 'alive.test.') return addressReply(query);
        large ??= addressReply(query, 1, RECORDS);
        return query.nameText === 'late.test.' ? new Promise((resolve) => late.push(resolve)) : large;
      }),
    );
    const other = await open(opened, OTHER);
    const queries = Buffer.concat(
      Array.from({ length: LATE + EARLY }, (_, id) => ask(id < LATE ? 'late' : 'soon', id)),
    );
    for (let reader = 0; reader < READERS; reader++) {
      const client = await open(opened, GREEDY);
      client.pauseReading();
      client.write(queries);
    }
    await until(() => late.length === READERS * LATE);
    expect(await answers(other)).toBe(true);
    expect(pushedOut(opened)).toBe(0);
    for (const answer of late) answer(large ?? refusing);
    await until(() => pushedOut(opened) > 0);
    expect(pushedOut(opened)).toBeLessThan(READERS);
    expect(await answers(other)).toBe(true);
  });

  it('are closed too when it is messages that are announced and do not come', async () => {
    const opened = await listen(endpointOf(atOnce));
    const other = await open(opened, OTHER);
    // Two octets of length, and one of the message: the listener makes room for all of it.
    const begun = Buffer.of(0xff, 0xff, 0);
    const fitting = Math.floor(MAX_HELD_OCTETS / 0xffff);
    for (let i = 0; i <= fitting; i++) (await open(opened, GREEDY)).write(begun);
    await until(() => pushedOut(opened) === 1);
    expect(await answers(other)).toBe(true);
  });
});
