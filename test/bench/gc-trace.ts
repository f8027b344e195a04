/** What V8 prints about its collections with `--trace-gc`, read and summed up. Pure. */

export interface Collections {
  readonly count: number;
  /** For which the program stood still, in milliseconds. */
  readonly longestMs: number;
  readonly totalMs: number;
}

/**
 * @param output of a program, other lines among it: `[7:0x1] 61 ms: Scavenge 5.5 (6.5) -> 4.9 (7.5) MB, pooled: 0 MB, 1.49 / 0.00 ms …`,
 * where a major collection tells behind that what it did in steps before: `(+ 8.2 ms in 44 steps …, biggest step 4.5 ms, …)`
 */
export function parseCollections(output: string): Collections {
  const pauses: number[] = [];
  let steppedMs = 0;
  let longestStepMs = 0;
  for (const [line, ms] of output.matchAll(/^\[\d+:0x[0-9a-f]+\].* ms: .*? MB, (\d+\.\d+) \/ .*$/gm)) {
    pauses.push(Number(ms));
    const [, steps, longest] =
      /\(\+ (\d+\.\d+) ms in \d+ steps.*?biggest step (\d+\.\d+) ms/.exec(line) ?? [];
    steppedMs += Number(steps ?? 0);
    longestStepMs = Math.max(longestStepMs, Number(longest ?? 0));
  }
  return {
    count: pauses.length,
    longestMs: Math.max(longestStepMs, ...pauses),
    totalMs: pauses.reduce((sum, ms) => sum + ms, steppedMs),
  };
}
