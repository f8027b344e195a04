/**
 * A process that has our memory, nothing else of ours, and waits for our end. Memory is freed by the last that leaves it; as long as this one
 * has it too that is never the main thread, which so comes to close its sockets at once, however busy the machine is.
 *
 * It runs nothing of ours, since it shares every variable with us, but a chain of contexts (makecontext(3)), each of which is one system call:
 *
 *     clone(2) ─► close what was inherited ─► read a pipe, of which we alone have the other end ─► exit
 *                                             │ until that is closed: the main thread leaves its descriptors
 *
 * Signals are blocked in it: what is sent to all processes of a group means us. `ps` shows it as a second process of the same size, though
 * the memory is there once.
 */
import { closeSync } from 'node:fs';
import { setPriority } from 'node:os';

/** At most 15 octets. `ps -e` shows it. */
export const HOLDER_NAME = 'serve-memory';
/** A tenth of the processor's time when others want it: new answers come before the end of an old process, which is not to take for ever either. */
const HOLDER_NICE = 10;

/** Numbers of system calls. `close_range` is the same on all machines, and not every C library knows it by name. */
const SYSTEM_CALLS: Partial<Record<NodeJS.Architecture, Record<'read' | 'exitGroup', number>>> = {
  x64: { read: 0, exitGroup: 231 },
  arm64: { read: 63, exitGroup: 94 },
};
const CLOSE_RANGE = 436;
const LAST_DESCRIPTOR = 0xff_ff_ff_ff;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const NAME_OCTETS = 16;
const O_CLOEXEC = 0o2_000_000;
/** Memory is shared, descriptors are copied, and nobody is signalled at its end. */
const CLONE_VM = 0x100;

/** Of `ucontext_t`, 968 octets on x64 and 4,560 on arm64, on both: what comes next, and the stack with its size. */
const CONTEXT_OCTETS = 8192;
const CONTEXT_LINK = 8;
const CONTEXT_STACK = 16;
const CONTEXT_STACK_SIZE = 32;
/** Of each context: a system call needs next to nothing of it. */
const STACK_OCTETS = 4096;
const ALIGNMENT = 16n;

/** `sigset_t` of glibc. */
const SIGNAL_SET_OCTETS = 128;
const SIG_SETMASK = 2;

type SystemCall = readonly [number: number, ...values: (number | bigint)[]];

interface Calls {
  /** Memory that is zero, and that nobody moves or collects. */
  allocate(octets: number): { readonly address: bigint; readonly octets: Uint8Array };
  symbol(name: string): bigint;
  pipe2(descriptors: Int32Array, flags: number): number;
  dup3(from: number, to: number, flags: number): number;
  getcontext(context: Uint8Array): number;
  /** The context begins with this system call. */
  makecontext(context: Uint8Array, call: SystemCall): void;
  clone(run: bigint, stack: bigint, flags: number, argument: bigint): number;
  prctl(option: number, name: Uint8Array): number;
  pthread_sigmask(how: number, set: Uint8Array, old: Uint8Array): number;
}

/**
 * To be called when descriptors are the main thread's own (`sockets-end-first.ts`). There is nothing to undo: it ends with us.
 *
 * @throws Error where the machine cannot do it: musl has no contexts, other machines have other numbers
 */
export async function holdMemory(): Promise<void> {
  const numbers = SYSTEM_CALLS[process.arch];
  if (numbers === undefined) throw new Error(`system calls of ${process.arch} are not known here`);
  const calls = await loadCalls();
  const ends = new Int32Array(2);
  if (calls.pipe2(ends, O_CLOEXEC) !== 0) throw new Error('no descriptor is left for a pipe');
  const [readEnd, writeEnd] = ends;
  try {
    const chain: SystemCall[] = [
      [CLOSE_RANGE, readEnd + 1, LAST_DESCRIPTOR, 0],
      [numbers.read, readEnd, calls.allocate(1).address, 1],
      [numbers.exitGroup, 0, 0, 0],
    ];
    if (readEnd > 0) chain.unshift([CLOSE_RANGE, 0, readEnd - 1, 0]);
    lower(named(calls, () => withoutSignals(calls, () => startChain(calls, chain))));
    // Closed by nobody but the kernel, which lets go of what is behind the highest number first: sockets come above it.
    if (calls.dup3(writeEnd, readEnd, O_CLOEXEC) < 0) throw new Error('the pipe cannot be moved');
  } catch (error) {
    closeSync(readEnd);
    throw error;
  } finally {
    closeSync(writeEnd);
  }
}

/** @returns the process's number */
function startChain(calls: Calls, chain: readonly SystemCall[]): number {
  const { address, octets } = calls.allocate(chain.length * (CONTEXT_OCTETS + STACK_OCTETS) + STACK_OCTETS);
  const offset = Number(-address & (ALIGNMENT - 1n));
  const stacks = offset + chain.length * CONTEXT_OCTETS;
  const view = new DataView(octets.buffer);
  chain.forEach((call, index) => {
    const at = offset + index * CONTEXT_OCTETS;
    const context = octets.subarray(at, at + CONTEXT_OCTETS);
    calls.getcontext(context);
    const isLast = index === chain.length - 1;
    view.setBigUint64(at + CONTEXT_LINK, isLast ? 0n : address + BigInt(at + CONTEXT_OCTETS), true);
    view.setBigUint64(at + CONTEXT_STACK, address + BigInt(stacks + index * STACK_OCTETS), true);
    view.setBigUint64(at + CONTEXT_STACK_SIZE, BigInt(STACK_OCTETS), true);
    calls.makecontext(context, call);
  });
  const top = address + BigInt(stacks + (chain.length + 1) * STACK_OCTETS - offset);
  const pid = calls.clone(calls.symbol('setcontext'), top & -ALIGNMENT, CLONE_VM, address + BigInt(offset));
  if (pid < 0) throw new Error('no process may be made here');
  return pid;
}

/** What is made meanwhile begins with the name of its maker: the main thread has that of the holder for a moment. */
function named<Result>(calls: Calls, run: () => Result): Result {
  const [name, former] = [new Uint8Array(NAME_OCTETS), new Uint8Array(NAME_OCTETS)];
  name.set(Buffer.from(HOLDER_NAME));
  calls.prctl(PR_GET_NAME, former);
  calls.prctl(PR_SET_NAME, name);
  try {
    return run();
  } finally {
    calls.prctl(PR_SET_NAME, former);
  }
}

/** What is made meanwhile begins with all signals blocked, and keeps them so. */
function withoutSignals<Result>(calls: Calls, run: () => Result): Result {
  const [all, former] = [new Uint8Array(SIGNAL_SET_OCTETS).fill(0xff), new Uint8Array(SIGNAL_SET_OCTETS)];
  calls.pthread_sigmask(SIG_SETMASK, all, former);
  try {
    return run();
  } finally {
    calls.pthread_sigmask(SIG_SETMASK, former, new Uint8Array(SIGNAL_SET_OCTETS));
  }
}

/** Where that is forbidden it is as urgent as we. */
function lower(pid: number): void {
  try {
    setPriority(pid, HOLDER_NICE);
  } catch {
    // It ends as we do all the same.
  }
}

async function loadCalls(): Promise<Calls> {
  const { default: ffi } = await import('koffi');
  const library = ffi.load(null);
  const symbol = library.func('uintptr_t dlsym(uintptr_t, const char *)');
  const allocate = library.func('uintptr_t calloc(size_t, size_t)');
  const makecontext = library.func('void makecontext(void *, uintptr_t, int, ...)');
  const systemCall = BigInt(symbol(0, 'syscall') as number);
  return {
    allocate(octets) {
      const address = BigInt(allocate(octets, 1) as number);
      return { address, octets: new Uint8Array(ffi.view(address, octets)) };
    },
    symbol: (name) => BigInt(symbol(0, name) as number),
    pipe2: library.func('int pipe2(void *, int)'),
    dup3: library.func('int dup3(int, int, int)'),
    getcontext: library.func('int getcontext(void *)'),
    makecontext: (context, call) => {
      makecontext(context, systemCall, call.length, ...call.flatMap((value) => ['uintptr_t', value]));
    },
    clone: library.func('int clone(uintptr_t, uintptr_t, int, uintptr_t)'),
    prctl: library.func('int prctl(int, void *)'),
    pthread_sigmask: library.func('int pthread_sigmask(int, void *, void *)'),
  };
}
