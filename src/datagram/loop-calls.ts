/**
 * Node's own event loop as the C library and libuv show it: what `loop-wait.ts` needs to wait for a datagram in the loop's stead. Node
 * exports libuv's functions for addons; a build that does not has none of this, and goes round its loop.
 */
import type koffi from 'koffi';
import type { Continuations } from './continuations.ts';

const CLOCK_MONOTONIC = 1;
const EPOLL_CLOEXEC = 0o2000000;
const TFD_NONBLOCK_CLOEXEC = 0o2004000;

export interface LoopCalls {
  /** Of the callbacks that this loop has made in this turn. */
  readonly continuations: Readonly<Pick<Continuations, 'areDue'>>;
  /** The epoll descriptor of libuv's loop. */
  readonly backendFd: number;
  /**
   * Milliseconds from the loop's time to its next timer; 0 where something is to be done at once, -1 where there is no timer. Right only
   * while descriptors are polled: a `setImmediate` that runs is something to be done.
   */
  timeoutMs(): number;
  /** Makes the callbacks of `nextTick` and continues promises, as Node does after each of its own callbacks; undefined where Node hides it. */
  readonly continueAll: (() => void) | undefined;
  /** Makes the loop's time, by which timers are set, the present. */
  updateTime(): void;
  /** @returns a descriptor, or -1. */
  createEpoll(): number;
  /** @param event address of an `epoll_event`. @returns 0, or -1. */
  controlEpoll(epoll: number, operation: number, fd: number, event: number): number;
  /** Blocks. @param events address of `count` `epoll_event`. @returns how many it wrote, or -1. */
  waitEpoll(epoll: number, events: number, count: number, timeoutMs: number): number;
  /** @returns a descriptor that is readable once its time has passed, or -1. */
  createTimer(): number;
  /** @param spec address of an `itimerspec`. @returns 0, or -1. */
  setTimer(timer: number, spec: number): number;
}

/** @returns undefined where this process shows no loop. */
export function loopCalls(
  ffi: typeof koffi,
  continuations: LoopCalls['continuations'],
): LoopCalls | undefined {
  try {
    return { ...bindings(ffi), continuations, continueAll: tickCallback() };
  } catch {
    return undefined;
  }
}

/** Not documented, and there in every version of Node. */
function tickCallback(): (() => void) | undefined {
  const { _tickCallback: call } = process as { _tickCallback?: unknown };
  return typeof call === 'function' ? () => void Reflect.apply(call, process, []) : undefined;
}

function bindings(ffi: typeof koffi): Omit<LoopCalls, 'continuations' | 'continueAll'> {
  const library = ffi.load(null);
  // Of this thread: a worker thread has a loop of its own.
  const loop = new BigUint64Array(1);
  const status = library.func('int napi_get_uv_event_loop(void *, void *)')(ffi.node.env, loop) as number;
  if (status !== 0) throw new Error(`napi_get_uv_event_loop: expected 0, found ${status}`);
  const address = Number(loop[0]);
  const timeout = library.func('int uv_backend_timeout(uint64_t)');
  const update = library.func('void uv_update_time(uint64_t)');
  const epoll = library.func('int epoll_create1(int)');
  const timer = library.func('int timerfd_create(int, int)');
  const setTimer = library.func('int timerfd_settime(int, int, uint64_t, uint64_t)');
  return {
    backendFd: library.func('int uv_backend_fd(uint64_t)')(address) as number,
    timeoutMs: () => timeout(address) as number,
    updateTime: () => void update(address),
    createEpoll: () => epoll(EPOLL_CLOEXEC) as number,
    controlEpoll: library.func('int epoll_ctl(int, int, int, uint64_t)'),
    waitEpoll: library.func('int epoll_wait(int, uint64_t, int, int)'),
    createTimer: () => timer(CLOCK_MONOTONIC, TFD_NONBLOCK_CLOEXEC) as number,
    setTimer: (fd, spec) => setTimer(fd, 0, spec, 0) as number,
  };
}
