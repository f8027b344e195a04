import { describe, expect, it } from 'vitest';
import { defaultCacheOctets, parseCacheMemory } from '../../src/cli/cache-memory.ts';

const MIB = 1024 * 1024;

describe('memory for caches', () => {
  it.each([
    { name: 'no limit', limit: 0, octets: 64 * MIB },
    { name: 'no limit, as libuv says it for cgroup v1', limit: 2 ** 64, octets: 64 * MIB },
    { name: 'just so much that a quarter is the most', limit: 256 * MIB, octets: 64 * MIB },
    { name: 'a quarter', limit: 100 * MIB, octets: 25 * MIB },
    { name: 'just so much that a quarter is the least', limit: 32 * MIB, octets: 8 * MIB },
    { name: 'very little', limit: MIB, octets: 8 * MIB },
  ])('by default: $name', ({ limit, octets }) => {
    expect(defaultCacheOctets(limit)).toBe(octets);
  });

  it.each([
    ['1Mi', MIB],
    ['64Mi', 64 * MIB],
    ['16Gi', 16 * 1024 * MIB],
  ])('takes %s from the flag', (text, octets) => {
    expect(parseCacheMemory(text)).toBe(octets);
  });

  it.each(['0', '1023Ki', '17Gi'])('refuses %s', (text) => {
    expect(() => parseCacheMemory(text)).toThrow(`expected a size from 1Mi to 16Gi, found "${text}"`);
  });
});
