/**
 * A client that asks without pause and counts what it is not answered: as many queries on their way as the window says, the next one as
 * soon as an answer is there. A query that has no answer when its time is over is lost, and stays so whatever comes later. Nothing is
 * asked twice.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { readFlags, readId, rcodeOf, writeId } from '../../src/wire/header.ts';
import { atTestEnd } from './at-test-end.ts';
import type { Target } from './udp-client.ts';

export interface QueryStreamOptions extends Target {
  /** The query with this number, from 0 on; its id is overwritten. */
  readonly query: (number: number) => Uint8Array;
  /** Queries on their way; 8 unless given. */
  readonly window?: number;
  /** 5,000 unless given: what stub resolvers wait. */
  readonly timeoutMs?: number;
}

export interface StreamReport {
  readonly asked: number;
  /** Numbers of the queries without an answer. */
  readonly lost: readonly number[];
  /** How many answers there were of each rcode. */
  readonly rcodes: Readonly<Record<number, number>>;
}

export interface QueryStream {
  /** Resolves when that many queries have been answered, or lost, since the start. */
  settled(count: number): Promise<void>;
  readonly settledCount: number;
  /** Asks no more, waits for the answers that are due, and reports. */
  stop(): Promise<StreamReport>;
}

const DEFAULT_WINDOW = 8;
const DEFAULT_TIMEOUT_MS = 5_000;

/** Asks from now on until `stop`, or the end of the test. */
export async function startQueryStream(options: QueryStreamOptions): Promise<QueryStream> {
  const {
    host = '127.0.0.1',
    port,
    query,
    window = DEFAULT_WINDOW,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.connect(port, host);
  await once(socket, 'connect');
  // An error here is an ICMP message; the query that caused it is lost by its time.
  socket.on('error', () => undefined);

  const waiting = new Map<number, { readonly number: number; readonly timer: NodeJS.Timeout }>();
  const lost: number[] = [];
  const rcodes: Record<number, number> = {};
  const watchers = new Set<() => void>();
  let asked = 0;
  let settledCount = 0;
  let stopping = false;

  const askNext = (): void => {
    if (stopping) return;
    const number = asked++;
    // An id comes again after 65,536 queries, long after its query was settled.
    const id = number & 0xffff;
    const message = query(number);
    writeId(message, id);
    const timer = setTimeout(() => settle(id, undefined), timeoutMs);
    waiting.set(id, { number, timer });
    socket.send(message);
  };
  const settle = (id: number, rcode: number | undefined): void => {
    const entry = waiting.get(id);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    waiting.delete(id);
    settledCount++;
    if (rcode === undefined) lost.push(entry.number);
    else rcodes[rcode] = (rcodes[rcode] ?? 0) + 1;
    for (const look of watchers) look();
    askNext();
  };
  const until = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });

  socket.on('message', (message) => settle(readId(message), rcodeOf(readFlags(message))));
  atTestEnd(() => {
    stopping = true;
    for (const { timer } of waiting.values()) clearTimeout(timer);
    waiting.clear();
    socket.close();
  });
  for (let i = 0; i < window; i++) askNext();
  return {
    get settledCount() {
      return settledCount;
    },
    settled: (count) => until(() => settledCount >= count),
    async stop() {
      stopping = true;
      await until(() => waiting.size === 0);
      return { asked, lost, rcodes };
    },
  };
}
