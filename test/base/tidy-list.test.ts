import { describe, expect, it } from 'vitest';
import { TidyList } from '../../src/base/tidy-list.ts';

/** What it has its items in, as the collector sees it. */
const places = (list: TidyList<unknown>): unknown[] => Reflect.get(list, 'items') as unknown[];

function filled(count: number): TidyList<number> {
  const list = new TidyList<number>();
  for (let item = 0; item < count; item++) list.push(item);
  return list;
}

const itemsOf = (list: TidyList<number>): number[] =>
  Array.from({ length: list.length }, (_, index) => list.get(index));

describe('TidyList', () => {
  it.each([0, 1, 16, 17, 1000])('keeps %d items in their order', (count) => {
    expect(itemsOf(filled(count))).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  it('takes the last item, and puts others in its place', () => {
    const list = filled(40);
    for (let item = 39; item >= 10; item--) expect(list.pop()).toBe(item);
    list.push(-1);
    list.set(0, -2);
    expect(itemsOf(list)).toEqual([-2, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1]);
  });

  it('leaves nothing where it was before it grew', () => {
    const list = filled(16);
    const former = places(list);
    expect(former).toContain(15);
    list.push(16);
    expect(places(list)).not.toBe(former);
    expect(former.every((item) => item === undefined)).toBe(true);
  });

  it('leaves nothing of what was taken', () => {
    const list = filled(16);
    const taken = list.pop();
    expect(places(list)).not.toContain(taken);
  });
});
