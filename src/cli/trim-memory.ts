/**
 * Gives memory back that nobody uses: what V8's heap has grown by in a burst, and what the C library keeps after it was freed. V8's compiler
 * and collector work in threads of their own, each with its own heap (glibc's arenas), and what they leave there is some 15 MB. Only glibc
 * has `malloc_trim`; other C libraries keep less, and only the heap is looked after there. How V8 is brought to give back: `heap-reducer.ts`; how
 * much it takes at most: `heap-settings.ts`.
 */
import { collectHeap, HeapReducer } from './heap-reducer.ts';

const INTERVAL_MS = 10_000;
/**
 * A trim looks through all that is free, and takes some milliseconds of another thread's: queries wait behind it where that gets our processor. So
 * there is none as long as memory stays the same to within so much.
 */
const CHANGED_OCTETS = 256 * 1024;

/** Of a process that guards: what its start has left is garbage by then; later there is half a megabyte a minute that no scavenge takes. */
const GUARD_START_MS = 10_000;
const GUARD_INTERVAL_MS = 120_000;

/** For a process that has to be small and is never busy: its heap is collected whole, which takes 40 ms, after its start and then seldom. */
export function keepHeapCollected(collect: () => void = collectHeap): void {
  setTimeout(collect, GUARD_START_MS).unref();
  setInterval(collect, GUARD_INTERVAL_MS).unref();
}

/** Gives free memory back to the kernel, in another thread: nobody waits but who allocates from the heap that is being looked through. */
export type Trim = () => void;

/** Looks from now on, at an interval, as long as something else keeps the process. */
export async function keepMemoryTrimmed(
  load: () => Promise<Trim> = loadTrim,
  heap: Pick<HeapReducer, 'look'> = new HeapReducer(),
): Promise<void> {
  const trim = await load().catch(() => nothing);
  let before = Number.NaN;
  setInterval(() => {
    const octets = heap.look();
    if (!(Math.abs(octets - before) < CHANGED_OCTETS)) trim();
    before = octets;
  }, INTERVAL_MS).unref();
}

/** @throws Error where koffi has no build for this machine, or the C library no such function */
export async function loadTrim(): Promise<Trim> {
  const { default: ffi } = await import('koffi');
  const mallocTrim = ffi.load(null).func('int malloc_trim(size_t)');
  return () => mallocTrim.async(0, nothing);
}

const nothing = (): void => undefined;
