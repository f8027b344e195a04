import { expect, it } from 'vitest';
import { Seldom } from '../../src/datagram/seldom.ts';

/** How often it is left out before each of the next `tries`. */
function leftOut(seldom: Seldom, tries: number, was: boolean): number[] {
  return Array.from({ length: tries }, () => {
    let count = 0;
    while (!seldom.isDue()) count++;
    seldom.wasWorthIt(was);
    return count;
  });
}

it('is left out twice as often each time that it was not worth it, up to a limit, and not at all where it was', () => {
  const seldom = new Seldom(7);
  expect(leftOut(seldom, 6, false)).toEqual([0, 1, 3, 7, 7, 7]);
  expect(leftOut(seldom, 4, true)).toEqual([7, 0, 0, 0]);
  expect(leftOut(seldom, 3, false)).toEqual([0, 1, 3]);
});
