import { expect, it } from 'vitest';
import { OctetSlab } from '../../src/wire/octet-slab.ts';

const octets = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

it('copies are equal to what they are of, and stay so', () => {
  const slab = new OctetSlab();
  const copies = Array.from({ length: 1_000 }, (_, index) => {
    const original = octets(index, index);
    const copy = slab.copy(original);
    original.fill(0xff);
    return copy;
  });
  expect(copies.every((copy, index) => Buffer.compare(copy, octets(index, index)) === 0)).toBe(true);
});

it('long messages have memory of their own', () => {
  const original = octets(65_535, 7);
  const copy = new OctetSlab().copy(original);
  expect(copy.buffer.byteLength).toBe(65_535);
  expect(copy).not.toBe(original);
});

it('short ones share it', () => {
  const slab = new OctetSlab();
  expect(slab.copy(octets(80, 1)).buffer).toBe(slab.copy(octets(80, 2)).buffer);
});
