/** Which socket a query leaves by once enough of them are open, told by channels that only take notes. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DatagramChannels } from '../../src/datagram/channels.ts';
import { RandomIds } from '../../src/upstream/random-id.ts';
import { ReplyCheck } from '../../src/upstream/reply-check.ts';
import { RoundTrip } from '../../src/upstream/round-trip.ts';
import { UdpPool } from '../../src/upstream/udp-pool.ts';
import { pendingFor } from './open-upstream.ts';

const SOCKETS = 64;

function makePool(group: number) {
  /** The number of the channel that each query left by. */
  const used: number[] = [];
  let opened = 0;
  const channels: DatagramChannels & { turn: number } = {
    group,
    turn: 0,
    shareTurns: () => undefined,
    open(_peer, events) {
      const number = opened++;
      events.opened('127.0.0.1', 1024 + number);
      return { send: () => void used.push(number), close: () => undefined };
    },
  };
  const target = {
    channels,
    host: '127.0.0.1',
    port: 53,
    sourceAddress: undefined,
    lifeMs: 10_000,
    ids: new RandomIds(),
    check: new ReplyCheck(),
    roundTrip: new RoundTrip(),
    waitsForReturn: false,
  };
  const series = { hits: { value: 0 }, misses: { value: 0 }, silences: { value: 0 }, moves: { value: 0 } };
  const pool = new UdpPool(target, series, { mismatched: () => undefined, askedAgain: () => undefined });
  onTestFinished(() => pool.close());
  const ask = (count: number): number[] => {
    const before = used.length;
    for (let i = 0; i < count; i++) {
      const { query, reply } = pendingFor('example.org', 10_000);
      reply.catch(() => undefined);
      pool.ask(query);
    }
    return used.slice(before);
  };
  return { channels, ask };
}

const distinct = (numbers: readonly number[]): number => new Set(numbers).size;

describe('the socket that a query leaves by', () => {
  it('is a new one as long as there are fewer than 64', () => {
    const { ask } = makePool(4);
    expect(distinct(ask(SOCKETS))).toBe(SOCKETS);
    expect(Math.max(...ask(100))).toBeLessThan(SOCKETS);
  });

  it('is drawn for as many of one turn as share a system call', () => {
    const { ask } = makePool(4);
    ask(SOCKETS);
    const used = ask(400);
    for (let i = 0; i < used.length; i += 4) expect(distinct(used.slice(i, i + 4))).toBe(1);
    // 100 draws out of 64: that they meet on 30 happens once in 10^8 runs.
    expect(distinct(used)).toBeGreaterThan(30);
  });

  it('is drawn anew in each turn', () => {
    const { ask, channels } = makePool(400);
    ask(SOCKETS);
    const used = Array.from({ length: 100 }, () => {
      channels.turn++;
      return ask(2);
    });
    expect(used.every(([first, second]) => first === second)).toBe(true);
    expect(distinct(used.flat())).toBeGreaterThan(30);
  });

  it('is never one that has had its 512 queries', () => {
    const { ask } = makePool(10_000);
    ask(SOCKETS);
    const counts = new Map<number, number>();
    for (const number of ask(3_000)) counts.set(number, (counts.get(number) ?? 0) + 1);
    // One of the 512 went out when it was opened.
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(512);
    expect(counts.size).toBeGreaterThanOrEqual(6);
  });
});
