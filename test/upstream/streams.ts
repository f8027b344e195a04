/** What the tests of streams share: answers that tell which question they belong to, and servers that are no DNS servers. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { RandomIds } from '../../src/upstream/random-id.ts';
import { ReplyCheck } from '../../src/upstream/reply-check.ts';
import { RoundTrip } from '../../src/upstream/round-trip.ts';
import { TcpPool } from '../../src/upstream/tcp-pool.ts';
import type { StreamConnector } from '../../src/upstream/tcp.ts';
import { reply } from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction } from '../support/scripted-upstream.ts';

/** `n7.test` is 192.0.2.7. */
export const answerByName = (query: ReceivedQuery): ScriptedAction =>
  reply({ answers: [`@ 30 IN A 192.0.2.${/\d+/.exec(query.name)?.[0] ?? '0'}`] });

export const name = (number: number): string => `n${number}.test`;

/** Queries received on each connection. */
export const perConnection = (queries: readonly ReceivedQuery[]): number[] => {
  const counts: number[] = [];
  for (const { connection } of queries) counts[connection - 1] = (counts[connection - 1] ?? 0) + 1;
  return counts;
};

/** A server that accepts and then does as the test says. */
export async function listenRaw(accept: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    accept(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** A pool over a connector of the test's own, closed when the test is over. */
export function openPool(connector: StreamConnector): TcpPool {
  const target = {
    connector,
    idleMs: 10_000,
    maxAgeMs: 10_000,
    redialMs: 0,
    roundTrip: new RoundTrip(),
    ids: new RandomIds(),
    check: new ReplyCheck(),
  };
  const series = { hits: { value: 0 }, misses: { value: 0 }, silences: { value: 0 }, moves: { value: 0 } };
  const pool = new TcpPool(target, 0, series, () => undefined);
  onTestFinished(() => pool.close());
  return pool;
}
