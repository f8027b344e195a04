import { describe, expect, it } from 'vitest';
import { Random } from '../fuzz/random.ts';
import { describeFault, drawStory } from './faults.ts';
import type { Fault } from './faults.ts';

const LENGTH_MS = 180_000;

const drawn = (seed: number, only?: RegExp): Fault[] => drawStory(new Random(seed), LENGTH_MS, only);

const upstreamsOf = ({ deed }: Fault): readonly number[] => (deed.kind === 'upstream' ? deed.upstreams : []);

describe('a story of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1).map(describeFault)).not.toEqual(drawn(2).map(describeFault));
  });

  it('is over when it should be', () => {
    const last = Math.max(...drawn(3).map(({ atMs, ms }) => atMs + ms));
    expect(last).toBeLessThanOrEqual(LENGTH_MS);
  });

  it('has every kind of fault in three minutes', () => {
    const names = new Set(drawn(4).map(({ name }) => name));
    expect([...names].filter((name) => name.startsWith('upstream ')).length).toBe(11);
    expect(names.size).toBe(20);
  });

  it('never asks two things of one upstream at a time', () => {
    const story = drawn(5);
    for (const fault of story) {
      const others = story.filter(
        (other) => other !== fault && other.atMs <= fault.atMs + fault.ms && other.atMs >= fault.atMs,
      );
      const shared = others.filter((other) =>
        upstreamsOf(other).some((upstream) => upstreamsOf(fault).includes(upstream)),
      );
      expect(shared.map(describeFault), describeFault(fault)).toEqual([]);
    }
  });

  it('takes the faults alone that it is asked for', () => {
    const names = new Set(drawn(6, /frozen|killed/).map(({ name }) => name));
    expect(names).toEqual(new Set(['daemon frozen', 'upstream killed']));
  });
});
