import { describe, expect, it } from 'vitest';
import { parseSize } from '../../src/base/size.ts';

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['67108864', 67_108_864],
    ['8k', 8_000],
    ['8K', 8_000],
    ['64M', 64_000_000],
    ['64MB', 64_000_000],
    ['64Mi', 64 * 1024 * 1024],
    ['64MiB', 64 * 1024 * 1024],
    ['100B', 100],
    ['1.5Ki', 1536],
    ['2Gi', 2 ** 31],
  ])('reads %s', (text, octets) => {
    expect(parseSize(text)).toBe(octets);
  });

  it.each(['', 'Mi', '-1', '1,5M', '64 Mi', '64m', '64Mb', '1e6', '0x10'])('refuses "%s"', (text) => {
    expect(() => parseSize(text)).toThrow(`expected a size such as 64Mi, 64M or 67108864, found "${text}"`);
  });
});
