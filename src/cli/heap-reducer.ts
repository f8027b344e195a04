/**
 * Has V8 give back what its heap has grown by in a burst. Left alone it keeps it: pages that a collection has freed go into a pool, which
 * `total_heap_size` does not count and which only a collection that is to reduce memory empties; V8 makes one by itself ("memory reducer") when
 * hardly anything is allocated, and not always then. `gc()` of `--expose-gc` either does not reduce, or stops the process for 50 ms.
 *
 * So V8 is told for some seconds that a small heap is preferred: then it does not wait until hardly anything is allocated, and mostly begins at
 * once, a little at a time. Where it does not, or as soon as a load is over, it is brought to begin as it does under pressure, which is done
 * within 30 ms and so takes the processor for most of them: an array makes external memory pass its limit
 * (`Heap::ReportExternalMemoryPressure`, `Heap::GCFlagsForIncrementalMarking`). The array is never written to, so that it takes no memory. Figures:
 * test/bench/NOTES.md, "Memory that is given back".
 */
import { anonymousOctets } from './anonymous-memory.ts';

const MIB = 1024 * 1024;
/** What has grown by so much since it was last small holds room and garbage that nothing asks V8 to look for, once the burst is over. */
const GROWN_OCTETS = 4 * MIB;
/** The first takes the garbage, the second the room of the young generation. What is there after them is in use, or will be garbage later. */
const MOST_COLLECTIONS = 2;
/** A heap that grows all the time is in use too: that often it is reduced at most; half as often after each time without success, */
const INTERVAL_MS = 60_000;
const LONGEST_INTERVAL_MS = 8 * INTERVAL_MS;
/** until the process takes less than this share of the processor's time that it took at most: whoever needed the heap is gone. */
const CALM_SHARE = 1 / 2;
/** Of a processor. Who never takes as much does not become calm either. */
const LEAST_BUSY_SHARE = 0.02;
/** What is left of its load is garbage by then, and is collected that soon after the last time; a load that comes and goes costs no more. */
const CALM_INTERVAL_MS = 30_000;
/** What a small heap has beside what is used: the young generation, and free places. A start may leave more. */
const ROOM_OCTETS = 8 * MIB;
/** A collection of a heap in which so much lives stops the process for more than 20 ms; a larger one is left to V8. */
const MOST_LIVE_OCTETS = 24 * MIB;
/** V8's limit is 64 MiB above what there was after the last collection. Far above it marking is hurried. */
const PRESSURE_OCTETS = 72 * MIB;

/** In octets. */
export interface Heap {
  readonly totalOctets: number;
  readonly usedOctets: number;
  /** What the process holds that the kernel keeps for it alone, but for the contents of arrays. Not a number where that cannot be read. */
  readonly residentOctets: number;
}

/** V8, as far as this needs it. */
export interface HeapControl {
  read(): Heap;
  /** That the process has taken so far. */
  processorMs(): number;
  /** Begins and ends the time in which V8 prefers a small heap. */
  preferSmall(isPreferred: boolean): void;
  /** Begins a collection of the whole heap that gives back what is free. V8 has to prefer a small heap. */
  reduce(): void;
}

export class HeapReducer {
  private readonly heap: HeapControl;
  private readonly nowMs: () => number;
  /** The least that there was. */
  private small: Heap;
  private isReducing = false;
  /** In the reduction that is under way. */
  private collections = 0;
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
    this.small = withoutSurplus(heap.read());
    this.lookedMs = nowMs();
    this.processorMs = heap.processorMs();
  }

  /**
   * To be called again and again, some seconds apart: a collection that was begun is over by the next time.
   *
   * @returns `Heap.residentOctets`
   */
  look(): number {
    const heap = this.heap.read();
    this.noteCalm();
    if (!this.hasGrown(heap)) this.rest(heap);
    else if (this.isDue()) this.begin();
    else if (this.isReducing) this.goOn();
    return heap.residentOctets;
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

  private hasGrown({ totalOctets, residentOctets }: Heap): boolean {
    return (
      totalOctets >= this.small.totalOctets + GROWN_OCTETS ||
      residentOctets >= this.small.residentOctets + GROWN_OCTETS
    );
  }

  private isDue(): boolean {
    const intervalMs = this.hasCalmed ? CALM_INTERVAL_MS : this.intervalMs;
    return (this.hasCalmed || !this.isReducing) && this.nowMs() - this.begunMs >= intervalMs;
  }

  private rest(heap: Heap): void {
    this.hasCalmed = false;
    this.small = lessOf(this.small, heap);
    if (!this.isReducing) return;
    this.intervalMs = INTERVAL_MS;
    this.end();
  }

  private begin(): void {
    const isLoadOver = this.hasCalmed;
    this.begunMs = this.nowMs();
    [this.isReducing, this.hasCalmed, this.collections] = [true, false, 0];
    this.heap.preferSmall(true);
    if (isLoadOver) this.goOn();
  }

  private goOn(): void {
    if (this.collections === MOST_COLLECTIONS) {
      this.intervalMs = Math.min(2 * this.intervalMs, LONGEST_INTERVAL_MS);
      this.end();
      return;
    }
    this.collections++;
    if (this.small.usedOctets <= MOST_LIVE_OCTETS) this.heap.reduce();
  }

  private end(): void {
    this.isReducing = false;
    this.heap.preferSmall(false);
  }
}

function withoutSurplus({ totalOctets, usedOctets, residentOctets }: Heap): Heap {
  const surplus = Math.max(0, totalOctets - usedOctets - ROOM_OCTETS);
  return { totalOctets: totalOctets - surplus, usedOctets, residentOctets: residentOctets - surplus };
}

const lessOf = (one: Heap, other: Heap): Heap => ({
  totalOctets: Math.min(one.totalOctets, other.totalOctets),
  usedOctets: other.usedOctets,
  residentOctets: Number.isNaN(one.residentOctets)
    ? other.residentOctets
    : Math.min(one.residentOctets, other.residentOctets || Infinity),
});

/** This process's. Node leaves V8's flags open to changes after its start. */
const V8_HEAP: HeapControl = {
  read() {
    const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
    return {
      totalOctets: heap.total_heap_size,
      usedOctets: heap.used_heap_size,
      residentOctets: anonymousOctets() - heap.external_memory,
    };
  },
  processorMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  preferSmall(isPreferred) {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    setFlagsFromString(isPreferred ? '--optimize-for-size' : '--no-optimize-for-size');
  },
  reduce() {
    try {
      // Nobody keeps it.
      void new ArrayBuffer(PRESSURE_OCTETS);
    } catch (error) {
      // Where the system gives no address space even for what is not written to, the heap stays as it is.
      if (!(error instanceof RangeError)) throw error;
    }
  },
};

/**
 * Collects all that it can, at once, in two or three collections, and gives free pages back. V8 hands its collector to contexts that are made
 * after this flag was set.
 */
export function collectHeap(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof gc === 'function') gc({ type: 'major', flavor: 'last-resort' });
}
