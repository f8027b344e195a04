/** A TCP listener with clients and a clock that a test moves. */
import { onTestFinished, vi } from 'vitest';
import type { Reply } from '../../src/chain/outcome.ts';
import type { Endpoint, Listener } from '../../src/listen/listener.ts';
import { listenTcp } from '../../src/listen/tcp.ts';
import { MESSAGE_MS } from '../../src/listen/tcp-limits.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { addressReply, endpointOf, surroundings } from './harness.ts';
import type { Surroundings } from './harness.ts';

export interface Opened {
  readonly listener: Listener;
  readonly around: Surroundings;
  /** A client of this listener. */
  readonly client: () => Promise<TcpClient>;
}

export async function listen(endpoint: Endpoint, address = '127.0.0.1', port = 0): Promise<Opened> {
  const around = surroundings();
  const { clock, counters } = around;
  const listener = await listenTcp({ address, port, clock, counters }, endpoint);
  onTestFinished(() => listener.close());
  const host = address === '0.0.0.0' ? '127.0.0.1' : address;
  return { listener, around, client: () => TcpClient.open({ host, port: listener.port }) };
}

export const ask = (label: string, id: number): Buffer => framed(rawQuery({ id, name: `${label}.test.` }));
export const openConnections = ({ metrics }: Surroundings): number | undefined =>
  metrics.value('nodelocaldns_tcp_connections');

/** A query on this connection is answered. */
export async function answers(client: TcpClient, id = 4711): Promise<boolean> {
  const before = client.received.length;
  client.write(ask('alive', id));
  const messages = await client.waitForMessages(before + 1);
  return readReply(messages[before]).id === id;
}

/** Lets the listener look at its connections once: one that was opened just for this goes. */
export async function sweep({ around, client }: Opened, advanceMs: number): Promise<void> {
  const before = openConnections(around) ?? 0;
  const canary = await client();
  await until(() => (openConnections(around) ?? 0) > before);
  around.clock.advance(Math.max(advanceMs, MESSAGE_MS));
  await canary.ended;
  await until(() => (openConnections(around) ?? 0) <= before);
}

/** Resolves when it is so; some things have no event. */
export const until = (isSo: () => boolean): Promise<boolean> =>
  vi.waitUntil(isSo, { interval: 2, timeout: 4_000 });

const RECORDS = 4000;
export const QUERIES = 400;

/** A client with many queries for 64 KB each, of which it reads none until it is told to. */
export async function stalled(
  overrides: Partial<Endpoint> = {},
): Promise<Opened & { readonly reader: TcpClient; readonly asked: () => number }> {
  let asked = 0;
  let large: Reply | undefined;
  const opened = await listen(
    endpointOf((query) => {
      asked++;
      large ??= addressReply(query, 1, RECORDS);
      return large;
    }, overrides),
  );
  const reader = await opened.client();
  reader.pauseReading();
  reader.write(Buffer.concat(Array.from({ length: QUERIES }, (_, id) => ask('a', id))));
  // Until the server gives up reading: the count stands still.
  let seen = -1;
  await until(() => {
    const still = asked > 0 && asked === seen;
    seen = asked;
    return still;
  });
  return { ...opened, reader, asked: () => asked };
}
