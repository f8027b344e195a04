/**
 * Gives memory back that the C library keeps after it was freed. V8's compiler and collector work in threads of their own, each with its
 * own heap (glibc's arenas), and what they leave there is some 15 MB that nobody uses again. Only glibc has `malloc_trim`; other C libraries
 * keep less, and nothing happens there. It decides nothing about V8's heap: see `heap-settings.ts`.
 */

/** A trim takes a fraction of a millisecond, or some where a lot was freed. */
const INTERVAL_MS = 10_000;

/** Gives free memory back to the kernel, in another thread: nobody waits but who allocates from the heap that is being looked through. */
export type Trim = () => void;

/** Trims from now on, at an interval, as long as something else keeps the process; not at all where it cannot be done. */
export async function keepMemoryTrimmed(load: () => Promise<Trim> = loadTrim): Promise<void> {
  const trim = await load().catch(() => undefined);
  if (trim !== undefined) setInterval(trim, INTERVAL_MS).unref();
}

/** @throws Error where koffi has no build for this machine, or the C library no such function */
export async function loadTrim(): Promise<Trim> {
  const { default: ffi } = await import('koffi');
  const mallocTrim = ffi.load(null).func('int malloc_trim(size_t)');
  return () => mallocTrim.async(0, nothing);
}

const nothing = (): void => undefined;
