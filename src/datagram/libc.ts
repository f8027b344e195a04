/**
 * The few calls of the C library that Node has no way to make, through koffi: datagram sockets of our own, read and written in batches.
 * Only Linux on 64-bit little-endian machines, whose structures `batch-memory.ts` and `socket-address.ts` lay out. Loading it may fail,
 * where koffi has no build for the machine; then `node:dgram` serves.
 */
import type koffi from 'koffi';
import { Continuations } from './continuations.ts';
import { loopCalls } from './loop-calls.ts';
import type { LoopCalls } from './loop-calls.ts';
import { ringCalls } from './ring-calls.ts';
import type { RingCalls } from './ring-calls.ts';

const F_DUPFD_CLOEXEC = 1030;

export interface Libc {
  /** The machine's address of octets: a whole number that a `number` holds exactly. */
  addressOf(octets: Uint8Array): number;
  /** Calls back on the main loop while the descriptor is readable; what the callback throws would be swallowed. */
  poll(fd: number, readable: () => void): { close(): void };
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, octets: number): number;
  connect(fd: number, address: Uint8Array, octets: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, octets: number): number;
  getsockname(fd: number, address: Uint8Array, octets: Uint8Array): number;
  close(fd: number): number;
  /** @returns another descriptor of the same, which a new program does not inherit; -1 when there is none. */
  duplicate(fd: number): number;
  /** @returns how many datagrams came, or -1. `vector` is the address of an array of `mmsghdr`. */
  recvmmsg(fd: number, vector: number, count: number, flags: number): number;
  /** @returns how many datagrams left, or -1. */
  sendmmsg(fd: number, vector: number, count: number, flags: number): number;
  /** The system's error number of the last call that failed. */
  errno(): number;
  /** The event loop that `poll` calls back on, where this process shows it. */
  readonly loop?: LoopCalls | undefined;
  readonly ring: RingCalls;
}

let loading: Promise<Libc> | undefined;
let loaded: Libc | undefined;

/**
 * There is one C library in a process, and so one of these.
 *
 * @throws Error where koffi cannot be loaded, or the machine is not one of those above.
 */
export async function loadLibc(): Promise<Libc> {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Error(`no batched datagrams on ${process.platform} ${process.arch}`);
  }
  loading ??= import('koffi').then(({ default: ffi }) => bindings(ffi));
  loaded = await loading;
  return loaded;
}

/** What `loadLibc` has brought so far; for those who do without where it has brought nothing. */
export const loadedLibc = (): Libc | undefined => loaded;

function bindings(ffi: typeof koffi): Libc {
  const library = ffi.load(null);
  const continuations = new Continuations();
  const control = library.func('int fcntl(int, int, ...)');
  // Addresses as numbers: to take them from arrays costs 0.1 µs a call, on a machine that does nothing else.
  const receive = library.func('int recvmmsg(int, uint64_t, uint, int, uint64_t)');
  return {
    addressOf: (octets) => Number(ffi.address(octets)),
    poll(fd, readable) {
      // The short form: it is the one that reports the first event too.
      return ffi.node.poll(fd, () => {
        readable();
        continuations.note();
      });
    },
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, uint)'),
    connect: library.func('int connect(int, void *, uint)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint)'),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    close: library.func('int close(int)'),
    duplicate: (fd) => control(fd, F_DUPFD_CLOEXEC, 'int', 0) as number,
    recvmmsg: (fd, vector, count, flags) => receive(fd, vector, count, flags, 0) as number,
    sendmmsg: library.func('int sendmmsg(int, uint64_t, uint, int)'),
    errno: () => ffi.errno(),
    loop: loopCalls(ffi, continuations),
    ring: ringCalls(ffi),
  };
}
