/**
 * An io_uring: memory that is shared with the kernel, in which system calls are laid down to be made, and found with their results. One real
 * system call makes all that were laid down, and waits until one of them has a result: of an answer to a datagram that comes alone, sending
 * it and waiting for the next one.
 *
 *     submission entries ×8        what each of our operations asks for; laid out once, since each is out at most once
 *     submission queue             numbers of the entries to be made next
 *     completion queue             whose they are, and the results
 *
 * The kernel reads and writes here only while `enter` runs (IORING_SETUP_DEFER_TASKRUN, Linux 6.1), so that nothing is to be ordered.
 * `struct io_uring_params`, `io_uring_sqe` and `io_uring_cqe`: include/uapi/linux/io_uring.h.
 */
import type { RingCalls } from './ring-calls.ts';

/** Submission entries, one for each kind of operation. */
const ENTRIES = 8;

const SETUP_CLAMP_SUBMIT_ALL = (1 << 4) | (1 << 7);
const SETUP_SINGLE_ISSUER_DEFER_TASKRUN = (1 << 12) | (1 << 13);
const FEAT_SINGLE_MMAP = 1;
/** What to map: the two queues, which lie together, and the entries. */
const OFFSET_QUEUES = 0;
const OFFSET_ENTRIES = 0x1000_0000;

/** Words of `io_uring_params`. */
const PARAMS_WORDS = 30;
const FLAGS = 2;
const FEATURES = 5;
const SUBMISSION_OFFSETS = 10;
const COMPLETION_OFFSETS = 20;
/** Words of what says where the parts of a queue lie. */
const HEAD = 0;
const TAIL = 1;
const ARRAY = 6;
const COMPLETIONS = 5;

/** Words of an `io_uring_sqe`. */
const ENTRY_WORDS = 16;
const FD = 1;
const ADDRESS = 4;
const LENGTH = 6;
const OPERATION_FLAGS = 7;
const USER_DATA = 8;
/** Words of an `io_uring_cqe`. */
const COMPLETION_WORDS = 4;
const RESULT = 2;

const WORD_OCTETS = Uint32Array.BYTES_PER_ELEMENT;
const HIGH_WORD = 2 ** 32;

/** What an operation asks for; 0 where nothing is said. */
export interface Operation {
  /** IORING_OP_*. */
  readonly code: number;
  /** IOSQE_*. */
  readonly flags?: number;
  readonly fd?: number;
  readonly address?: number;
  readonly length?: number;
  /** Flags of the operation itself, such as MSG_*, or events to be polled for. */
  readonly operationFlags?: number;
}

export class Ring {
  /** Of the completion that `next` has found: the number of the entry, and what the system call would have returned, or its error below 0. */
  entry = 0;
  result = 0;
  private readonly calls: RingCalls;
  private readonly fd: number;
  private readonly entries: Uint32Array;
  private readonly queues: Uint32Array;
  /** Places in `queues`. */
  private readonly submissionHead: number;
  private readonly submissionTail: number;
  private readonly submissionArray: number;
  private readonly completionHead: number;
  private readonly completionTail: number;
  private readonly completions: number;
  private readonly submissionMask: number;
  private readonly completionMask: number;
  private laidDown = 0;

  /** @returns undefined where the system has none for us: an older kernel, or one that is told not to, or a container's profile. */
  static open(calls: RingCalls): Ring | undefined {
    const params = new Uint32Array(PARAMS_WORDS);
    params[FLAGS] = SETUP_CLAMP_SUBMIT_ALL | SETUP_SINGLE_ISSUER_DEFER_TASKRUN;
    const fd = calls.setUp(ENTRIES, new Uint8Array(params.buffer));
    if (fd < 0) return undefined;
    const queues = (params[FEATURES] & FEAT_SINGLE_MMAP) === 0 ? undefined : mapQueues(calls, fd, params);
    const entries = calls.map(fd, OFFSET_ENTRIES, params[0] * ENTRY_WORDS * WORD_OCTETS);
    if (queues !== undefined && entries !== undefined) return new Ring(calls, fd, params, queues, entries);
    calls.close(fd);
    return undefined;
  }

  private constructor(
    calls: RingCalls,
    fd: number,
    params: Uint32Array,
    queues: ArrayBuffer,
    entries: ArrayBuffer,
  ) {
    this.calls = calls;
    this.fd = fd;
    this.queues = new Uint32Array(queues);
    this.entries = new Uint32Array(entries);
    const placeOf = (offsets: number, part: number): number => params[offsets + part] / WORD_OCTETS;
    this.submissionHead = placeOf(SUBMISSION_OFFSETS, HEAD);
    this.submissionTail = placeOf(SUBMISSION_OFFSETS, TAIL);
    this.submissionArray = placeOf(SUBMISSION_OFFSETS, ARRAY);
    this.completionHead = placeOf(COMPLETION_OFFSETS, HEAD);
    this.completionTail = placeOf(COMPLETION_OFFSETS, TAIL);
    this.completions = placeOf(COMPLETION_OFFSETS, COMPLETIONS);
    this.submissionMask = params[0] - 1;
    this.completionMask = params[1] - 1;
  }

  /** Says what entry `entry` asks for, below ENTRIES. What C has addresses of has to live as long as this object. */
  layOut(entry: number, operation: Operation): void {
    const { code, flags = 0, fd = 0, address = 0, length = 0, operationFlags = 0 } = operation;
    const { entries } = this;
    const at = entry * ENTRY_WORDS;
    entries.fill(0, at, at + ENTRY_WORDS);
    entries[at] = code | (flags << 8);
    entries[at + FD] = fd;
    this.setAddress(entry, address);
    entries[at + LENGTH] = length;
    entries[at + OPERATION_FLAGS] = operationFlags;
    entries[at + USER_DATA] = entry;
  }

  setFd(entry: number, fd: number): void {
    this.entries[entry * ENTRY_WORDS + FD] = fd;
  }

  setAddress(entry: number, address: number): void {
    const at = entry * ENTRY_WORDS + ADDRESS;
    this.entries[at] = address % HIGH_WORD;
    this.entries[at + 1] = address / HIGH_WORD;
  }

  /** Lays down an entry that is not out, to be made by the next `enter`. */
  submit(entry: number): void {
    const { queues, submissionTail } = this;
    const tail = queues[submissionTail];
    queues[this.submissionArray + (tail & this.submissionMask)] = entry;
    queues[submissionTail] = tail + 1;
    this.laidDown++;
  }

  /**
   * Makes what was laid down, and waits for completions.
   *
   * @param least how many, together with those that were not taken yet. There may be fewer where a signal came.
   * @returns whether all that was laid down was made; what was not is taken back.
   */
  enter(least: number): boolean {
    this.calls.enter(this.fd, this.laidDown, least);
    this.laidDown = 0;
    const { queues, submissionHead, submissionTail } = this;
    if (queues[submissionHead] === queues[submissionTail]) return true;
    queues[submissionTail] = queues[submissionHead];
    return false;
  }

  /** Takes the next completion, if there is one: `entry` and `result`. */
  next(): boolean {
    const { queues, completionHead } = this;
    const head = queues[completionHead];
    if (head === queues[this.completionTail]) return false;
    const at = this.completions + (head & this.completionMask) * COMPLETION_WORDS;
    this.entry = queues[at];
    this.result = queues[at + RESULT] | 0;
    queues[completionHead] = head + 1;
    return true;
  }

  /** What is out is given up. */
  close(): void {
    this.calls.close(this.fd);
  }
}

function mapQueues(calls: RingCalls, fd: number, params: Uint32Array): ArrayBuffer | undefined {
  const submissions = params[SUBMISSION_OFFSETS + ARRAY] + params[0] * WORD_OCTETS;
  const completions = params[COMPLETION_OFFSETS + COMPLETIONS] + params[1] * COMPLETION_WORDS * WORD_OCTETS;
  return calls.map(fd, OFFSET_QUEUES, Math.max(submissions, completions));
}
