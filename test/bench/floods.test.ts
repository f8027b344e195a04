import { describe, expect, it } from 'vitest';
import { SILENT_ZONE } from './bench-zone.ts';
import { FLOODS, floodFrame } from './floods.ts';

const questionsOf = (name: string, round: number): string[] => {
  const questions = FLOODS.find((flood) => flood.name === name)?.questions?.(round);
  return Array.from({ length: 1_000 }, () => questions?.next().value?.name ?? '');
};

describe('a flood', () => {
  it.each(['misses', 'silence'])('of %s asks no name twice, not in another round either', (name) => {
    const names = [...questionsOf(name, 1), ...questionsOf(name, 2)];
    expect(new Set(names).size).toBe(2_000);
  });

  it('of silence asks where the upstream says nothing', () => {
    expect(questionsOf('silence', 1).every((name) => name.endsWith(`.${SILENT_ZONE}`))).toBe(true);
  });

  it('over TCP asks a whole query', () => {
    const octets = floodFrame();
    expect((octets[0] << 8) | octets[1]).toBe(octets.length - 2);
  });
});
