/**
 * Log lines on their way out: a ring of fixed size, filled by whoever logs and emptied by asynchronous writes, so that logging never
 * waits. A reader that is slow, gone, or out of disk costs log lines, which are counted, and nothing else. Levels and formats are not
 * decided here.
 *
 * ```
 *   0        start        start+inFlight            start+used            capacity
 *   |  free  | being written |  waiting to be written  |       free           |        (and around the end)
 * ```
 */
import { write, writeSync } from 'node:fs';
import { codeOf } from '../base/error-message.ts';
import { writesComeBack } from './log-output.ts';

/** Bytes of lines that wait at most. */
export const LOG_RING_BYTES = 256 * 1024;

/** Bytes of one write: what a Linux pipe holds. */
const MOST_PER_WRITE = 64 * 1024;

/** POSIX's PIPE_BUF on Linux: what is not longer goes into a pipe as a whole or not at all, so that no other process's line cuts it in two. */
export const PIPE_BYTES_AT_ONCE = 4096;

/** After EAGAIN the next try comes in 5, 10, 20 … 160 ms. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 160;

/** After any other error (nobody has the pipe open, the disk is full): the cause may pass, but not soon. */
const ERROR_PAUSE_MS = 1000;

/** `flushSync` gives a write that is under way this long to end, so that lines keep their order. */
const IN_FLIGHT_GRACE_MS = 5;

const NEWLINE = 0x0a;

/** An UTF-16 unit has at most three octets in UTF-8. */
const MOST_OCTETS_PER_UNIT = 3;

export class LogRing {
  /** The line that tells of lost lines, as soon as there is room for it. The log sets it to one of its own format. */
  describeLoss: (lines: number) => string = (lines) => `${lines} log lines dropped`;

  /** Bytes of one write at most; set to `PIPE_BYTES_AT_ONCE` where other processes write into the same pipe. */
  mostPerWrite = MOST_PER_WRITE;

  private readonly fd: number;
  private readonly octets: Buffer;
  private start = 0;
  private used = 0;
  private inFlight = 0;
  /** Tells a write that `flushSync` has given up on from the current one. */
  private flight = 0;
  /** A write is under way or due. */
  private awake = false;
  private pauseMs = FIRST_PAUSE_MS;
  private lost = 0;
  private lostUntold = 0;

  /**
   * @param fd where the lines go; best from `openLogOutput`, so that writes come back
   * @param capacityBytes of lines that wait
   */
  constructor(fd: number, capacityBytes: number = LOG_RING_BYTES) {
    this.fd = fd;
    this.octets = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** Lines lost since the start, for want of room. */
  get dropped(): number {
    return this.lost;
  }

  /**
   * Takes one line, without its newline, to be written soon. Never waits.
   *
   * @returns whether there was room; if not, the line is counted and gone
   */
  append(line: string): boolean {
    this.tellLoss();
    if (this.lostUntold > 0 || !this.put(line)) {
      this.lost++;
      this.lostUntold++;
      this.wake();
      return false;
    }
    this.wake();
    return true;
  }

  /**
   * Writes what waits, for the last moments of a process: gives up after `timeoutMs`, and at once where a write might not come back. A
   * write that is under way is left to end by itself.
   */
  flushSync(timeoutMs: number): void {
    if (!writesComeBack(this.fd)) return;
    this.leaveInFlight();
    const deadline = performance.now() + timeoutMs;
    while (this.used > 0) {
      const error = this.writeNow();
      if (error === undefined) continue;
      if (error !== 'EAGAIN' || performance.now() >= deadline) return;
      sleep(FIRST_PAUSE_MS);
    }
  }

  private tellLoss(): void {
    if (this.lostUntold > 0 && this.put(this.describeLoss(this.lostUntold))) this.lostUntold = 0;
  }

  private put(line: string): boolean {
    const { octets } = this;
    let end = this.start + this.used;
    if (end >= octets.length) end -= octets.length;
    const contiguous = Math.min(octets.length - this.used, octets.length - end);
    if (line.length * MOST_OCTETS_PER_UNIT >= contiguous) return this.putInPieces(line, end);
    const length = octets.write(line, end);
    octets[end + length] = NEWLINE;
    this.used += length + 1;
    return true;
  }

  /** Near the end of the memory, where a line may have to go on at its beginning, and when the ring is nearly full. */
  private putInPieces(line: string, end: number): boolean {
    const encoded = Buffer.from(`${line}\n`);
    if (encoded.length > this.octets.length - this.used) return false;
    const copied = encoded.copy(this.octets, end);
    encoded.copy(this.octets, 0, copied);
    this.used += encoded.length;
    return true;
  }

  private wake(): void {
    if (this.awake) return;
    this.awake = true;
    // Lines of one turn of the event loop go out together.
    setImmediate(this.drain);
  }

  private readonly drain = (): void => {
    if (this.inFlight > 0) return;
    this.tellLoss();
    if (this.used === 0) {
      this.awake = false;
      return;
    }
    const flight = ++this.flight;
    this.inFlight = this.nextLength();
    write(this.fd, this.octets, this.start, this.inFlight, null, (error, written) => {
      if (flight === this.flight) this.landed(error, written);
    });
  };

  private landed(error: NodeJS.ErrnoException | null, written: number): void {
    this.inFlight = 0;
    if (error !== null) {
      this.pause(error.code);
      return;
    }
    this.pauseMs = FIRST_PAUSE_MS;
    this.release(written);
    this.drain();
  }

  /** What cannot be written stays: a reader may come back, a disk may get room. The timer keeps no process alive. */
  private pause(code: string | undefined): void {
    const pauseMs = code === 'EAGAIN' ? this.pauseMs : ERROR_PAUSE_MS;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    setTimeout(this.drain, pauseMs).unref();
  }

  /** Up to the last end of a line that fits, so that lines of processes that share a pipe do not mix. */
  private nextLength(): number {
    const contiguous = Math.min(this.used, this.octets.length - this.start, this.mostPerWrite);
    const lastNewline = this.octets.lastIndexOf(NEWLINE, this.start + contiguous - 1);
    return lastNewline < this.start ? contiguous : lastNewline + 1 - this.start;
  }

  private release(length: number): void {
    this.used -= length;
    this.start = this.used === 0 ? 0 : (this.start + length) % this.octets.length;
  }

  /** @returns the code of the error, if there was one */
  private writeNow(): string | undefined {
    try {
      this.release(writeSync(this.fd, this.octets, this.start, this.nextLength()));
      this.tellLoss();
      return undefined;
    } catch (error) {
      return codeOf(error) ?? 'UNKNOWN';
    }
  }

  /** Whether the write has succeeded is not known before the event loop turns; to write its lines again would show them twice. */
  private leaveInFlight(): void {
    if (this.inFlight === 0) return;
    sleep(IN_FLIGHT_GRACE_MS);
    this.release(this.inFlight);
    this.inFlight = 0;
    this.flight++;
    setImmediate(this.drain);
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
