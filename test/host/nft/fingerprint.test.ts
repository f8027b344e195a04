import { expect, it } from 'vitest';
import { fingerprint } from '../../../src/host/nft/fingerprint.ts';

it('is 16 hexadecimal digits, the same for the same text in every process', () => {
  // The first half of nothing is FNV-1a's offset basis, by definition.
  expect(fingerprint('')).toBe('811c9dc57ee3623a');
  expect(fingerprint('timeout 1000ms')).toMatch(/^[0-9a-f]{16}$/);
});

it('differs with one digit', () => {
  const texts = Array.from({ length: 10_000 }, (_, timeoutMs) => `timeout ${timeoutMs}ms`);
  expect(new Set(texts.map(fingerprint)).size).toBe(texts.length);
});
