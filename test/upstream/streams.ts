/** What the tests of streams share: answers that tell which question they belong to, and servers that are no DNS servers. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
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
