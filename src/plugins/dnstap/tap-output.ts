/**
 * Where the messages of one `dnstap` line go: a queue, and the connection that empties it. Nobody ever waits for it: what does not fit, or
 * comes while the reader is away, is dropped and counted, and said in the log at most every 10 s. The reader is looked for again with
 * growing pauses.
 */
import type { Log } from '../../observe/log-types.ts';
import type { Counter } from '../../observe/metric-types.ts';
import type { Dial } from './dial.ts';
import { FrameQueue } from './frame-queue.ts';
import type { FrameBlock } from './frame-queue.ts';
import { FrameStream } from './frame-stream.ts';
import type { FrameStreamOwner } from './frame-stream.ts';
import type { TapOptions } from './options.ts';

const FRAMES_PER_QUEUE_UNIT = 10_000;
const OCTETS_PER_QUEUE_UNIT = 4 * 1024 * 1024;
const OCTETS_PER_MIB = 1024 * 1024;

/** How long a message may wait for others to leave with. */
const FLUSH_MS = 100;
/** With so much there is no more waiting. */
const FLUSH_OCTETS = 16 * 1024;
/** How often drops are told, and how long a reader may take nothing before it is held to be gone. */
const CHECK_MS = 10_000;
/** Between the end of a connection and the next one; doubled as long as none lasts. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A connection that lasted so long was a good one. */
const LASTING_MS = 10_000;

export type OutputOptions = Pick<TapOptions, 'label' | 'writeBufferMiB' | 'queueTenThousands'>;

export interface TapOutputDependencies {
  readonly dial: Dial;
  readonly log: Log;
  readonly dropped: Counter;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Called at the end of a connection that cannot be dialled again, since the reader has dialled. */
  readonly gone?: () => void;
}

export class TapOutput implements FrameStreamOwner {
  private readonly label: string;
  private readonly writeBufferOctets: number;
  private readonly queue: FrameQueue;
  private readonly dependencies: TapOutputDependencies;
  private stream: FrameStream | undefined;
  private isReady = false;
  /** The reader is away: it was looked for and not found. */
  private isAway = false;
  private isClosed = false;
  private readySinceMs = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private redialTimer: NodeJS.Timeout | undefined;
  private flushTimer: NodeJS.Timeout | undefined;
  private checkTimer: NodeJS.Timeout | undefined;
  /** Since the last time that the log said so. */
  private untold = 0;
  /** Messages that the connection has and has not sent, and when it last sent some, or was given some to send. */
  private sending = 0;
  private progressMs = 0;

  constructor(options: OutputOptions, dependencies: TapOutputDependencies) {
    const { label, writeBufferMiB, queueTenThousands } = options;
    this.label = label;
    this.writeBufferOctets = writeBufferMiB * OCTETS_PER_MIB;
    this.queue = new FrameQueue(
      queueTenThousands * FRAMES_PER_QUEUE_UNIT,
      queueTenThousands * OCTETS_PER_QUEUE_UNIT,
    );
    this.dependencies = dependencies;
  }

  /** Whether a message has a chance; one that has none need not be laid out, only counted (`drop`). */
  get takes(): boolean {
    return !this.isAway && !this.isClosed;
  }

  /** To be called once. */
  open(): void {
    this.stream = new FrameStream(this.dependencies.dial, this);
  }

  /** @param payload whose octets are copied */
  put(payload: Uint8Array): void {
    if (!this.takes || !this.queue.put(payload)) return this.drop(1);
    if (!this.isReady) return;
    if (this.queue.waitingOctets >= FLUSH_OCTETS) this.flush();
    else this.flushTimer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  drop(messages: number): void {
    if (messages === 0) return;
    this.dependencies.dropped.value += messages;
    this.untold += messages;
    this.checkLater();
  }

  /** Sends what waits, as far as the reader takes it within a second, and ends the connection. */
  async close(): Promise<void> {
    if (this.isReady) this.flush(Infinity);
    this.isClosed = true;
    clearTimeout(this.redialTimer);
    await this.stream?.close();
    this.drop(this.queue.clear());
    clearTimeout(this.flushTimer);
    clearTimeout(this.checkTimer);
    this.tellDrops();
  }

  ready(): void {
    if (this.isAway) this.dependencies.log.info(`connected to ${this.label}`);
    this.isAway = false;
    this.isReady = true;
    this.readySinceMs = this.dependencies.nowMs();
    this.flush();
  }

  ended(reason: string): void {
    const { log, nowMs, gone } = this.dependencies;
    const wasReady = this.isReady;
    this.isReady = false;
    this.stream = undefined;
    this.drop(this.sending);
    this.sending = 0;
    if (this.isClosed) return;
    if (wasReady) {
      log.warn(`Lost the connection to ${this.label}: ${reason}`);
      if (nowMs() - this.readySinceMs >= LASTING_MS) this.pauseMs = FIRST_PAUSE_MS;
    } else {
      if (!this.isAway) log.error(`No connection to dnstap endpoint: ${this.label}: ${reason}`);
      this.isAway = true;
      this.drop(this.queue.clear());
    }
    if (gone !== undefined) return gone();
    this.redialTimer = setTimeout(() => this.open(), this.pauseMs);
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.pauseMs);
  }

  /** @param most octets that the connection may have before it has sent some */
  private flush(most = this.writeBufferOctets): void {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    const { stream } = this;
    if (stream === undefined || !this.isReady) return;
    while (stream.waitingOctets < most) {
      const block = this.queue.take();
      if (block === undefined) return;
      this.send(stream, block);
    }
  }

  private send(stream: FrameStream, block: FrameBlock): void {
    if (this.sending === 0) this.progressMs = this.dependencies.nowMs();
    this.sending += block.frames;
    this.checkLater();
    stream.write(block.octets.subarray(0, block.length), () => {
      // What a connection had that is gone was counted at its end.
      if (stream === this.stream) {
        this.sending -= block.frames;
        this.progressMs = this.dependencies.nowMs();
      }
      this.queue.giveBack(block);
      // Without a timer what waits has waited for room here.
      if (this.flushTimer === undefined) this.flush();
    });
  }

  private checkLater(): void {
    if (!this.isClosed) this.checkTimer ??= setTimeout(() => this.check(), CHECK_MS);
  }

  private check(): void {
    this.checkTimer = undefined;
    this.tellDrops();
    const isStuck = this.sending > 0 && this.dependencies.nowMs() - this.progressMs >= CHECK_MS;
    if (isStuck) this.stream?.abandon('the reader takes nothing any more');
    if (this.sending > 0) this.checkLater();
  }

  private tellDrops(): void {
    if (this.untold === 0) return;
    this.dependencies.log.warn(`Dropped dnstap messages: ${this.untold}`);
    this.untold = 0;
  }
}
