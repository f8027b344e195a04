import { describe, expect, it } from 'vitest';
import { formatSpread, parseAnonymous } from './footprint.ts';

describe('the memory of a process', () => {
  it('is what no file stands behind', () => {
    expect(parseAnonymous('VmRSS:\t   90112 kB\nRssAnon:\t   22528 kB\nRssFile:\t   67584 kB\n')).toBe(22);
  });

  it('is not 0 when the process has ended', () => {
    expect(() => parseAnonymous('Name:\tnode\nState:\tZ (zombie)\n')).toThrow('has ended');
  });
});

it('shows the middle, the least and the most', () => {
  expect(formatSpread([30, 10, 20], 'ms', 0)).toBe('20 ms (10–30)');
  expect(formatSpread([1.25], 'MiB', 1)).toBe('1.3 MiB (1.3–1.3)');
});
