/**
 * An end that was decided on comes. Node's own may not: `process.exit` waits for V8's helper threads, and one that has no room left for what it
 * compiles waits for the main thread to collect garbage (nodejs/node#54918). Of 1,009 `run` that were signalled at random or found another one on the
 * host 8 stayed so for ever, as their containers would have. So the C library is asked to end the process some time later, from a thread of its
 * own; of 2,047 with that none stayed.
 */
import { createRequire } from 'node:module';

/** Node's end takes some 20 ms; on a busy machine it may take longer, and what is cut off then is code that the next start compiles anew. */
const LATEST_END_MS = 1000;

const CLOCK_MONOTONIC = 1;
/** `struct sigevent` of 64-bit machines, the same in glibc and musl. */
const EVENT_OCTETS = 64;
const EVENT_VALUE = 0;
const EVENT_NOTIFY = 12;
const EVENT_FUNCTION = 16;
const SIGEV_THREAD = 2;
/** `struct itimerspec`: the period, none here, and the time until the first one, each as seconds and nanoseconds. */
const TIMES_OCTETS = 32;
const FIRST_SECONDS = 16;
const FIRST_NANOSECONDS = 24;
const TIMER_ID_OCTETS = 8;

/**
 * Ends this process as `process.exit` does, at the latest after a second. Without koffi, or where the C library has no such timers, it takes as
 * long as Node takes.
 */
export function endProcess(code: number, latestMs = LATEST_END_MS): never {
  try {
    exitLater(code, latestMs);
  } catch {
    // Nearly always Node comes to its end.
  }
  process.exit(code);
}

/** @throws Error where this machine cannot do it */
function exitLater(code: number, afterMs: number): void {
  if (process.arch !== 'x64' && process.arch !== 'arm64') return;
  // Seldom needed, and then at once: a process that has not loaded it need not have it all its life.
  const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi').default;
  const library = load(null);
  const symbol = library.func('uintptr_t dlsym(uintptr_t, const char *)');
  const end = BigInt(symbol(0, '_exit') as number);
  if (end === 0n) throw new Error('the C library has no _exit');
  const event = new DataView(new ArrayBuffer(EVENT_OCTETS));
  event.setInt32(EVENT_VALUE, code, true);
  event.setInt32(EVENT_NOTIFY, SIGEV_THREAD, true);
  event.setBigUint64(EVENT_FUNCTION, end, true);
  const times = new DataView(new ArrayBuffer(TIMES_OCTETS));
  times.setBigInt64(FIRST_SECONDS, BigInt(Math.trunc(afterMs / 1000)), true);
  times.setBigInt64(FIRST_NANOSECONDS, BigInt((afterMs % 1000) * 1_000_000), true);
  const id = new BigUint64Array(TIMER_ID_OCTETS / BigUint64Array.BYTES_PER_ELEMENT);
  const create = library.func('int timer_create(int, void *, void *)');
  const start = library.func('int timer_settime(uintptr_t, int, void *, void *)');
  if (create(CLOCK_MONOTONIC, event.buffer, id) === 0) start(id[0], 0, times.buffer, null);
}
