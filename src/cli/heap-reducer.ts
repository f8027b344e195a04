/**
 * Has V8 give back what its heap has grown by in a burst. V8 would do so by itself, a little at a time (its "memory reducer": marking beside the
 * program, then a pause of some milliseconds), but only when hardly anything is allocated; with many hits a second that never comes. While it is
 * told to optimise for size, it does it in any case, within 8 s of the last collection that went through the whole heap. Asked for that all the
 * time, it would collect too often; so it is told for as long as it takes.
 */

const MIB = 1024 * 1024;
/** A heap that grew by so much since it was last small holds room and garbage that nothing asks V8 to look for, once the burst is over. */
const GROWN_OCTETS = 4 * MIB;
/** V8 takes up to 8 s from one collection to the reduction. When it has not begun by then, there was no collection yet. */
const PATIENCE_MS = 9_000;
/** What has not become smaller by then is in use, or will be garbage later. */
const GIVE_UP_MS = 60_000;
/** A heap that grows all the time is in use too: that often it is reduced at most; half as often after each time without success, */
const INTERVAL_MS = 60_000;
const LONGEST_INTERVAL_MS = 8 * INTERVAL_MS;
/** until the process takes less than this share of the processor's time that it took at most: whoever needed the heap is gone. */
const CALM_SHARE = 1 / 2;
/** Of a processor. Who never takes as much does not become calm either: V8 reduces its heap by itself. */
const LEAST_BUSY_SHARE = 0.02;
/** What is left of its load is garbage by then, and is collected that soon after the last time; a load that comes and goes costs one pause in that time. */
const CALM_INTERVAL_MS = 30_000;
/** What a small heap has beside what is used: the young generation, and free places. A start may leave more. */
const ROOM_OCTETS = 8 * MIB;
/** A collection of a heap in which so much lives stops the process for more than 20 ms; a larger one is left to V8, which does it in steps. */
const MOST_LIVE_OCTETS = 24 * MIB;

/** In octets. */
export interface Heap {
  readonly totalOctets: number;
  readonly usedOctets: number;
}

/** V8, as far as this needs it. */
export interface HeapControl {
  read(): Heap;
  /** That the process has taken so far. */
  processorMs(): number;
  /** Begins and ends the time in which V8 prefers a small heap. */
  preferSmall(isPreferred: boolean): void;
  /** Collects the whole heap, all at once. */
  collect(): void;
}

export class HeapReducer {
  private readonly heap: HeapControl;
  private readonly nowMs: () => number;
  /** The heap when it was small. */
  private small: Heap;
  private isReducing = false;
  private hasCollected = false;
  private begunMs = -Infinity;
  private intervalMs = INTERVAL_MS;
  /** Of a processor, between two looks: the most since it was last calm. */
  private busyShare = 0;
  /** Since the last reduction began. */
  private hasCalmed = false;
  private lookedMs: number;
  private processorMs: number;

  constructor(heap: HeapControl = V8_HEAP, nowMs: () => number = () => performance.now()) {
    this.heap = heap;
    this.nowMs = nowMs;
    const { totalOctets, usedOctets } = heap.read();
    this.small = { totalOctets: Math.min(totalOctets, usedOctets + ROOM_OCTETS), usedOctets };
    this.lookedMs = nowMs();
    this.processorMs = heap.processorMs();
  }

  /** To be called again and again, some seconds apart. */
  look(): void {
    const heap = this.heap.read();
    this.noteCalm();
    if (!this.hasGrown(heap)) this.rest(heap);
    else if (this.isDue()) this.begin();
    else if (this.isReducing) this.goOn();
  }

  private noteCalm(): void {
    const [nowMs, processorMs] = [this.nowMs(), this.heap.processorMs()];
    const share = (processorMs - this.processorMs) / Math.max(1, nowMs - this.lookedMs);
    [this.lookedMs, this.processorMs] = [nowMs, processorMs];
    if (this.busyShare >= LEAST_BUSY_SHARE && share < this.busyShare * CALM_SHARE) {
      this.hasCalmed = true;
      this.intervalMs = INTERVAL_MS;
      this.busyShare = share;
    } else {
      this.busyShare = Math.max(this.busyShare, share);
    }
  }

  private hasGrown(heap: Heap): boolean {
    return heap.totalOctets >= this.small.totalOctets + GROWN_OCTETS;
  }

  private isDue(): boolean {
    const intervalMs = this.hasCalmed ? CALM_INTERVAL_MS : this.isReducing ? Infinity : this.intervalMs;
    return this.nowMs() - this.begunMs >= intervalMs;
  }

  private rest(heap: Heap): void {
    this.hasCalmed = false;
    if (this.isReducing) {
      this.intervalMs = INTERVAL_MS;
      this.end();
      this.small = heap;
    } else if (heap.totalOctets < this.small.totalOctets) {
      this.small = heap;
    }
  }

  private begin(): void {
    this.begunMs = this.nowMs();
    [this.isReducing, this.hasCollected, this.hasCalmed] = [true, false, false];
    this.heap.preferSmall(true);
  }

  private end(): void {
    this.isReducing = false;
    this.heap.preferSmall(false);
  }

  private goOn(): void {
    const tookMs = this.nowMs() - this.begunMs;
    if (tookMs >= GIVE_UP_MS) {
      this.intervalMs = Math.min(2 * this.intervalMs, LONGEST_INTERVAL_MS);
      this.end();
    } else if (tookMs >= PATIENCE_MS && !this.hasCollected) {
      this.hasCollected = true;
      if (this.small.usedOctets <= MOST_LIVE_OCTETS) this.heap.collect();
    }
  }
}

/** This process's. Node leaves V8's flags open to changes after its start. */
const V8_HEAP: HeapControl = {
  read() {
    // process.memoryUsage says the same and opens a file for more: without a descriptor for that it throws.
    const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
    return { totalOctets: heap.total_heap_size, usedOctets: heap.used_heap_size };
  },
  processorMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  preferSmall(isPreferred) {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    setFlagsFromString(isPreferred ? '--optimize-for-size' : '--no-optimize-for-size');
  },
  collect: () => collectHeap('regular'),
};

/** V8 hands its collector to contexts that are made after this flag was set. Only the last resort gives free pages back to the system, in up to three collections. */
export function collectHeap(flavor: 'regular' | 'last-resort'): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof gc === 'function') gc({ type: 'major', flavor });
}
