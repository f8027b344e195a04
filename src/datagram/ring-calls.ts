/** The system calls of io_uring, and the memory that it shares. The C library has no functions of their own for them. */
import type koffi from 'koffi';

/** The same on all machines that `libc.ts` is for. */
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_ENTER = 426;
const ENTER_GETEVENTS = 1;

const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 0x8001;

export interface RingCalls {
  /** @param params an `io_uring_params`, which it fills in. @returns a descriptor, or -1 */
  setUp(entries: number, params: Uint8Array): number;
  /** @returns memory of the ring, for as long as this process lives; undefined where it cannot be had. */
  map(fd: number, offset: number, octets: number): ArrayBuffer | undefined;
  /** @returns how many entries were submitted, or -1 where none was. */
  enter(fd: number, submit: number, least: number): number;
  close(fd: number): number;
}

export function ringCalls(ffi: typeof koffi): RingCalls {
  const library = ffi.load(null);
  const setUp = library.func('syscall', 'long', ['long', 'uint', 'void *']);
  const enter = library.func('syscall', 'long', [
    'long',
    'int',
    'uint',
    'uint',
    'uint',
    'uint64_t',
    'uint64_t',
  ]);
  const map = library.func('uint64_t mmap(uint64_t, uint64_t, int, int, int, uint64_t)');
  return {
    setUp: (entries, params) => setUp(SYS_IO_URING_SETUP, entries, params) as number,
    map(fd, offset, octets) {
      const address = map(0, octets, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset) as number | bigint;
      // MAP_FAILED is -1, and no number.
      return typeof address === 'number' ? ffi.view(address, octets) : undefined;
    },
    enter: (fd, submit, least) =>
      enter(SYS_IO_URING_ENTER, fd, submit, least, ENTER_GETEVENTS, 0, 0) as number,
    close: library.func('int close(int)'),
  };
}
