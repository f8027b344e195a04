import { describe, expect, it } from 'vitest';
import { ARRIVALS_AT_ONCE, ARRIVALS_PER_SECOND, Arrivals } from '../../src/listen/arrivals.ts';

/** How many may come until time has to pass. */
function arrive(arrivals: Arrivals): number {
  let count = 1;
  while (arrivals.note()) count++;
  return count;
}

describe('new connections', () => {
  it('may come in a burst, then so many in a second', () => {
    const arrivals = new Arrivals();
    expect(arrive(arrivals)).toBe(ARRIVALS_AT_ONCE);
    expect(arrivals.pass(250)).toBe(true);
    expect(arrive(arrivals)).toBe(ARRIVALS_PER_SECOND / 4);
  });

  it('get no more room than for one burst, however long none came', () => {
    const arrivals = new Arrivals();
    arrivals.pass(3_600_000);
    expect(arrive(arrivals)).toBe(ARRIVALS_AT_ONCE);
  });
});
