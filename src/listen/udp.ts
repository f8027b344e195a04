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
import type { Libc } from '../datagram/libc.ts';
import { LoopEpoll } from '../datagram/loop-epoll.ts';
import { LoopRing } from '../datagram/loop-ring.ts';
import type { StandIn } from '../datagram/stand-in.ts';
import { systemError } from '../datagram/system-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import { listenUdpBatch } from './udp-batch.ts';
import type { BatchTools, UdpBatchOptions } from './udp-batch.ts';
import { listenUdpDgram } from './udp-dgram.ts';

/**
 * `ring` is `batch` that waits with an io_uring. `auto` takes the first that works, and says so where that is `dgram`; the others fail or are
 * what they say.
 */
export type UdpMode = 'auto' | 'ring' | 'batch' | 'dgram';

export type ListenUdp = (options: UdpBatchOptions, endpoint: Endpoint) => Promise<Listener>;

/** A datagram to oneself takes microseconds; a machine may be busy. */
const SELF_TEST_MS = 2_000;
const QUESTIONS = 2;

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
 * @throws Error when `batch` or `ring` was asked for and does not work here.
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
      standIn: standInOf(mode, libc, counters, log),
    };
    await selfTest(tools, counters);
    return tools;
  } catch (error) {
    const reason = `batched datagrams do not work here: ${messageOf(error)}`;
    if (mode !== 'auto') throw new Error(reason, { cause: error });
    log.warn(`${reason}; serving UDP one datagram at a time`);
    return undefined;
  }
}

/** What waits in the place of the event loop, where this process shows it. @throws Error where `ring` was asked for and cannot be had. */
function standInOf(mode: UdpMode, libc: Libc, counters: ListenCounters, log: Log): StandIn | undefined {
  const { loop } = libc;
  if (loop === undefined) {
    if (mode === 'ring') throw new Error('this build of Node does not show its event loop');
    return undefined;
  }
  if (mode !== 'batch') {
    const sendFailed = (errno: number): void => counters.sendFailed(1, codeOf(errno, 'sendmsg'));
    const ring = LoopRing.open(libc, loop, libc.ring, sendFailed);
    if (ring !== undefined) return ring;
    const reason = `no io_uring: ${systemError(libc.errno(), 'io_uring_setup').message}`;
    if (mode === 'ring') throw new Error(reason);
    log.info(`${reason}; datagrams are waited for with epoll`);
  }
  return new LoopEpoll(libc, loop);
}

const codeOf = (errno: number, call: string): string => systemError(errno, call).code ?? 'UNKNOWN';

/**
 * Sends a query to a listener of our own, and another one while it is asked: that one is waited for in the place of the event loop. Waits until
 * its handler is asked both. @throws Error when it is not.
 */
async function selfTest(tools: BatchTools, counters: ListenCounters): Promise<void> {
  const sender = createSocket('udp4');
  const asked = Promise.withResolvers<undefined>();
  let count = 0;
  const endpoint: Endpoint = {
    server: { index: 0, label: '' },
    udpPayload: 0,
    handler: {
      name: 'self-test',
      ask() {
        // The event loop goes on for an immediate, and not for a promise.
        if (++count === QUESTIONS) setImmediate(() => asked.resolve(undefined));
        else sender.send(rootQuestion());
        return SILENCE;
      },
    },
  };
  const clock = { nowMs: () => 0 };
  const listener = listenUdpBatch({ address: '127.0.0.1', port: 0, clock, counters }, endpoint, tools);
  const timer = setTimeout(
    () => asked.reject(new Error(`no datagram within ${SELF_TEST_MS} ms`)),
    SELF_TEST_MS,
  );
  sender.on('error', (error) => asked.reject(error));
  sender.connect(listener.port, '127.0.0.1', () => sender.send(rootQuestion()));
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
