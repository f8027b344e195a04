/** Commands that run on one processor, and before other programs of the machine where that is wanted. Pure. */

/** Who asks, what is measured and the upstream: figures should not show how long a query waits to be sent. */
export const FIRST = -20;
/** Who floods. */
export const AFTER_THEM = -12;

/** @param niceness of the program's autogroup (sched(7)), which every program here has for its own; undefined to leave it as it is */
export function pinned(cpu: number, command: readonly string[], niceness?: number): string[] {
  const first =
    niceness === undefined ? [] : ['sh', '-c', `echo ${niceness} > /proc/self/autogroup; exec "$@"`, 'sh'];
  return [...first, 'taskset', '-c', String(cpu), ...command];
}
