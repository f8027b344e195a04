import { describe, expect, it } from 'vitest';
import { OVERLOAD_FLOODS, ratesOf } from './overload-floods.ts';

describe('what a flood prints', () => {
  it('tells its rates by its own clock', () => {
    const output = 'ms 1000 sent 90000 answered 5 failed 0\nms 3000 sent 290000 answered 25 failed 10\n';
    expect([...ratesOf(output)]).toEqual([
      ['sent', 100_000],
      ['answered', 10],
      ['failed', 5],
    ]);
  });

  it('tells them by its lines, one a second, where it has none', () => {
    expect([...ratesOf('opened 10 answered 0\nopened 20 answered 4\nopened 50 answered 8\n')]).toEqual([
      ['opened', 20],
      ['answered', 4],
    ]);
  });

  it('tells nothing before there are two lines', () => {
    expect([...ratesOf('')]).toEqual([]);
    expect([...ratesOf('opened 10 answered 0\n')]).toEqual([]);
  });
});

it('floods are called differently', () => {
  expect(new Set(OVERLOAD_FLOODS.map(({ name }) => name)).size).toBe(OVERLOAD_FLOODS.length);
});
