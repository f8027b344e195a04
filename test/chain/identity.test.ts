import { describe, expect, it } from 'vitest';
import { PerServer } from '../../src/chain/identity.ts';

describe('PerServer', () => {
  it('makes one item for each server, at its first use, from its label', () => {
    const made: string[] = [];
    const items = new PerServer((label) => {
      made.push(label);
      return { label };
    });
    expect(made).toEqual([]);
    const third = items.of({ index: 3, label: 'dns://:53' });
    expect(items.of({ index: 3, label: 'dns://:53' })).toBe(third);
    expect(items.of({ index: 0, label: 'dns://[::1]:53' })).toEqual({ label: 'dns://[::1]:53' });
    expect(made).toEqual(['dns://:53', 'dns://[::1]:53']);
  });
});
