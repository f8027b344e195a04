/**
 * Gives memory back that nobody uses: what V8's heap has grown by in a burst, and what the C library keeps after it was freed. V8's compiler
 * and collector work in threads of their own, each with its own heap (glibc's arenas), and what they leave there is some 15 MB. Only glibc
 * has `malloc_trim`; other C libraries keep less, and only the heap is looked after there. How much V8 takes at most: see `heap-settings.ts`.
 */

/** A trim takes a fraction of a millisecond, or some where a lot was freed. */
const INTERVAL_MS = 10_000;

const MIB = 1024 * 1024;
/** A heap that grew by so much since it was last collected whole holds garbage that nothing asks V8 to look for, once the burst is over. */
const GROWN_OCTETS = 4 * MIB;
/** A collection of a heap in which so much lives stops the process for some 20 ms; a larger one is left to V8, which does it in steps. */
const MOST_LIVE_OCTETS = 24 * MIB;
/** A heap that grows all the time is in use: it is collected whole no more often than this. */
const COLLECTION_INTERVAL_MS = 60_000;

/** Of a process that guards: what its start has left is garbage by then; later there is half a megabyte a minute that no scavenge takes. */
const GUARD_START_MS = 10_000;
const GUARD_INTERVAL_MS = 120_000;

/** For a process that has to be small and is never busy: its heap is collected whole, which takes 40 ms, after its start and then seldom. */
export function keepHeapCollected(collect: () => void = collectWhole): void {
  setTimeout(collect, GUARD_START_MS).unref();
  setInterval(collect, GUARD_INTERVAL_MS).unref();
}

/** Gives free memory back to the kernel, in another thread: nobody waits but who allocates from the heap that is being looked through. */
export type Trim = () => void;

/** What `HeapCollector` knows of V8's heap, in octets. */
export interface Heap {
  readonly totalOctets: number;
  readonly usedOctets: number;
}

/** Looks from now on, at an interval, as long as something else keeps the process. */
export async function keepMemoryTrimmed(
  load: () => Promise<Trim> = loadTrim,
  collector = new HeapCollector(readHeap, collectWhole, () => performance.now()),
): Promise<void> {
  const trim = await load().catch(() => nothing);
  setInterval(() => {
    collector.look();
    trim();
  }, INTERVAL_MS).unref();
}

/** Collects the whole heap when it has grown: V8 puts that off as long as the program is busy without allocating, as it is with hits. */
export class HeapCollector {
  private readonly read: () => Heap;
  private readonly collect: () => void;
  private readonly nowMs: () => number;
  /** The heap when it was collected last, or at first. */
  private known: Heap;
  private collectedMs = -Infinity;

  constructor(read: () => Heap, collect: () => void, nowMs: () => number) {
    this.read = read;
    this.collect = collect;
    this.nowMs = nowMs;
    this.known = read();
  }

  look(): void {
    const { known } = this;
    if (known.usedOctets > MOST_LIVE_OCTETS) return;
    if (this.read().totalOctets < known.totalOctets + GROWN_OCTETS) return;
    if (this.nowMs() - this.collectedMs < COLLECTION_INTERVAL_MS) return;
    this.collectedMs = this.nowMs();
    this.collect();
    this.known = this.read();
  }
}

function readHeap(): Heap {
  const { heapTotal, heapUsed } = process.memoryUsage();
  return { totalOctets: heapTotal, usedOctets: heapUsed };
}

/** V8 hands its collector to contexts that are made after this flag was set. Only the last resort gives free pages back to the system. */
function collectWhole(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof gc === 'function') gc({ type: 'major', flavor: 'last-resort' });
}

/** @throws Error where koffi has no build for this machine, or the C library no such function */
export async function loadTrim(): Promise<Trim> {
  const { default: ffi } = await import('koffi');
  const mallocTrim = ffi.load(null).func('int malloc_trim(size_t)');
  return () => mallocTrim.async(0, nothing);
}

const nothing = (): void => undefined;
