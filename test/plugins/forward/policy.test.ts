import { describe, expect, it } from 'vitest';
import { UpstreamOrder } from '../../../src/plugins/forward/policy.ts';

const ITEMS = ['a', 'b', 'c'];

describe('the order of upstreams', () => {
  it('is the one that was written, with sequential', () => {
    const order = new UpstreamOrder(ITEMS, 'sequential');
    expect([order.next(), order.next()]).toEqual([ITEMS, ITEMS]);
  });

  it('begins with each in turn, with round_robin: the second first, as CoreDNS has it', () => {
    const order = new UpstreamOrder(ITEMS, 'round_robin');
    expect(Array.from({ length: 4 }, () => order.next().join(''))).toEqual(['bca', 'cab', 'abc', 'bca']);
  });

  it('is any, with random', () => {
    const order = new UpstreamOrder(ITEMS, 'random');
    const seen = new Set(Array.from({ length: 400 }, () => order.next().join('')));
    // Each of six is missing from 400 draws once in 10^31 times.
    expect([...seen].toSorted()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  });

  it.each(['sequential', 'round_robin', 'random'] as const)(
    'leaves what it was made of alone: %s',
    (policy) => {
      const order = new UpstreamOrder(ITEMS, policy);
      expect(order.next().toSorted()).toEqual(ITEMS);
      expect(order.next().toSorted()).toEqual(ITEMS);
      expect(ITEMS).toEqual(['a', 'b', 'c']);
    },
  );

  it.each(['sequential', 'round_robin', 'random'] as const)('of nothing is nothing: %s', (policy) => {
    expect(new UpstreamOrder([], policy).next()).toEqual([]);
  });
});
