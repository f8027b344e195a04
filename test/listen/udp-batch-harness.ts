/** Batching UDP listeners of a test, and what they share. */
import { expect, onTestFinished, vi } from 'vitest';
import { BatchMemory } from '../../src/datagram/batch-memory.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { Libc } from '../../src/datagram/libc.ts';
import type { LoopCalls } from '../../src/datagram/loop-calls.ts';
import { LoopEpoll } from '../../src/datagram/loop-epoll.ts';
import { LoopRing } from '../../src/datagram/loop-ring.ts';
import { DATAGRAM } from '../../src/datagram/stand-in.ts';
import type { StandIn } from '../../src/datagram/stand-in.ts';
import { BatchOutbox } from '../../src/listen/batch-outbox.ts';
import type { Endpoint, Listener } from '../../src/listen/listener.ts';
import { listenUdpBatch } from '../../src/listen/udp-batch.ts';
import type { BatchTools } from '../../src/listen/udp-batch.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { UdpClient } from '../support/udp-client.ts';
import { surroundings } from './harness.ts';
import type { Surroundings } from './harness.ts';

export const libc = await loadLibc().catch(() => undefined);

export interface Shared {
  readonly around: Surroundings;
  readonly tools: BatchTools;
  /** How often something was waited for in the place of the event loop. */
  readonly waits: () => number;
  /** How often there was a datagram. */
  readonly foundDatagrams: () => number;
}

type OpenStandIn = (calls: Libc, loop: LoopCalls) => StandIn | undefined;

export const byEpoll: OpenStandIn = (calls, loop) => new LoopEpoll(calls, loop);
export const byRing: OpenStandIn = (calls, loop) =>
  LoopRing.open(calls, loop, calls.ring, (errno) => expect.fail(`not sent: ${errno}`));

/** @param calls of the C library that are replaced. */
export function share(calls: Partial<Libc> = {}, open = byEpoll): Shared {
  if (libc === undefined) throw new Error('there is nothing to test here');
  const around = surroundings();
  const all = { ...libc, ...calls };
  const standIn = all.loop && open(all, all.loop);
  const wait = standIn && vi.spyOn(standIn, 'wait');
  const found = (): number[] => wait?.mock.results.map(({ value }) => Number(value)) ?? [];
  const tools: BatchTools = {
    libc: all,
    inbox: new BatchMemory((octets) => all.addressOf(octets)),
    outbox: new BatchOutbox(all, around.counters),
    standIn,
  };
  const foundDatagrams = (): number => found().filter((what) => (what & DATAGRAM) !== 0).length;
  return { around, tools, waits: () => found().length, foundDatagrams };
}

export function listen(
  endpoint: Endpoint,
  address = '127.0.0.1',
  { around, tools }: Shared = share(),
): Listener {
  const { clock, counters } = around;
  const listener = listenUdpBatch({ address, port: 0, clock, counters }, endpoint, tools);
  onTestFinished(() => listener.close());
  return listener;
}

export const oneAnswer = async (client: UdpClient, id = 1): Promise<string[]> => [
  ...readReply(await client.ask(rawQuery({ id, name: 'a.test.' }))).answer,
];
