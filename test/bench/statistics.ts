/** The few figures that stand for many. Pure; of no numbers, every figure is NaN. */

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = ascending(numbers);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

/** The smallest number that `percent` of all are at most (nearest rank). @param percent 0 to 100 */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = ascending(numbers);
  return at(sorted, Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1));
}

/**
 * How many times as much one server took as another: the median over the rounds that both had. Rounds are compared pair by pair, since two
 * that ran one after the other saw the same neighbours on the machine.
 */
export function medianRatio(numbers: readonly number[], others: readonly number[]): number {
  const pairs = Math.min(numbers.length, others.length);
  return median(numbers.slice(0, pairs).map((number, index) => number / others[index]));
}

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const at = (numbers: readonly number[], index: number): number => numbers[index] ?? Number.NaN;
