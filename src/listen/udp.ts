/**
 * Which of the two UDP listeners serves: batched where it works on this machine, `node:dgram` otherwise. That it works is not assumed from
 * the platform but tried, with a datagram from this process to itself, before the first socket for clients is opened.
 */
import { createSocket } from 'node:dgram';
import { messageOf } from '../base/error-message.ts';
import { SILENCE } from '../chain/outcome.ts';
import type { Log } from '../observe/log-types.ts';
import { askMessage } from '../wire/ask-message.ts';
import { BatchMemory } from '../datagram/batch-memory.ts';
import { BatchOutbox } from './batch-outbox.ts';
import type { ListenCounters } from './counters.ts';
import { loadLibc } from '../datagram/libc.ts';
import { LoopEpoll } from '../datagram/loop-epoll.ts';
import type { Endpoint, Listener } from './listener.ts';
import { listenUdpBatch } from './udp-batch.ts';
import type { BatchTools, UdpBatchOptions } from './udp-batch.ts';
import { listenUdpDgram } from './udp-dgram.ts';

/** `auto` takes `batch` where it works and says so where it does not; the others fail or are what they say. */
export type UdpMode = 'auto' | 'batch' | 'dgram';

export type ListenUdp = (options: UdpBatchOptions, endpoint: Endpoint) => Promise<Listener>;

/** A datagram to oneself takes microseconds; a machine may be busy. */
const SELF_TEST_MS = 2_000;

/** The listener for this mode on this machine. @throws Error when `batch` was asked for and does not work here. */
export async function chooseUdp(mode: UdpMode, counters: ListenCounters, log: Log): Promise<ListenUdp> {
  return listenUdpWith(await proveBatches(mode, counters, log));
}

/** @param tools those that were proved; `node:dgram` serves without. */
export function listenUdpWith(tools: BatchTools | undefined): ListenUdp {
  if (tools === undefined) return listenUdpDgram;
  return (options, endpoint) => Promise.resolve().then(() => listenUdpBatch(options, endpoint, tools));
}

/**
 * @returns what batches take, once it has been seen to work; undefined where datagrams go one by one.
 * @throws Error when `batch` was asked for and does not work here.
 */
export async function proveBatches(
  mode: UdpMode,
  counters: ListenCounters,
  log: Log,
): Promise<BatchTools | undefined> {
  if (mode === 'dgram') return undefined;
  try {
    const libc = await loadLibc();
    const tools: BatchTools = {
      libc,
      inbox: new BatchMemory((octets) => libc.addressOf(octets)),
      outbox: new BatchOutbox(libc, counters),
      loopEpoll: libc.loop && new LoopEpoll(libc, libc.loop),
    };
    await selfTest(tools, counters);
    return tools;
  } catch (error) {
    const reason = `batched datagrams do not work here: ${messageOf(error)}`;
    if (mode === 'batch') throw new Error(reason, { cause: error });
    log.warn(`${reason}; serving UDP one datagram at a time`);
    return undefined;
  }
}

/** Sends a query to a listener of our own, and waits until its handler is asked. @throws Error when it is not. */
async function selfTest(tools: BatchTools, counters: ListenCounters): Promise<void> {
  const asked = Promise.withResolvers<undefined>();
  const endpoint: Endpoint = {
    server: { index: 0, label: '' },
    udpPayload: 0,
    handler: {
      name: 'self-test',
      ask() {
        asked.resolve(undefined);
        return SILENCE;
      },
    },
  };
  const clock = { nowMs: () => 0 };
  const listener = listenUdpBatch({ address: '127.0.0.1', port: 0, clock, counters }, endpoint, tools);
  const sender = createSocket('udp4');
  const timer = setTimeout(
    () => asked.reject(new Error(`no datagram within ${SELF_TEST_MS} ms`)),
    SELF_TEST_MS,
  );
  sender.on('error', (error) => asked.reject(error));
  sender.send(rootQuestion(), listener.port, '127.0.0.1');
  try {
    await asked.promise;
  } finally {
    clearTimeout(timer);
    sender.close();
    await listener.close();
  }
}

const rootQuestion = (): Uint8Array =>
  askMessage(
    { name: Uint8Array.of(0), type: 1, class: 1 },
    { recursionDesired: false, checkingDisabled: false, dnssecOk: false, edns: false },
  );
