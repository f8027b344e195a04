/**
 * How V8 is told to hold little memory. Said by the program itself while it runs, as early as can be and so that `node dist/main.js` has it
 * too; only settings that V8 reads each time it needs them work then. Hits leave garbage that dies at once, so a larger young generation
 * saves nothing that can be measured, and would grow to 32 MB.
 */

/** The young generation stays at the 1 MB per half that it begins with, instead of doubling up to 16. */
const SMALL_YOUNG_GENERATION = '--semi-space-growth-factor=1';

/** The old generation may grow by so much of what lived after one collection before the next; by default up to 300 %. */
const SLOW_GROWTH = '--heap-growing-percent=30';

export function keepHeapSmall(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString(SMALL_YOUNG_GENERATION);
  setFlagsFromString(SLOW_GROWTH);
}
