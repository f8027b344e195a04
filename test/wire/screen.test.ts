import { describe, expect, it } from 'vitest';
import { AA, AD, CD, QR, RA, RD, TC } from '../../src/wire/header.ts';
import {
  SCREEN_DROP,
  SCREEN_FORMERR,
  SCREEN_NOTIMP,
  SCREEN_READ,
  screenHeader,
} from '../../src/wire/screen.ts';
import { message, octets } from './raw-message.ts';

const screened = (flags: number, counts: readonly number[]): number => {
  const bytes = message({ flags, counts, question: octets() });
  return screenHeader(bytes, bytes.length);
};
const opcode = (code: number): number => code << 11;

describe('a header', () => {
  it.each([
    ['one question', 0, [1, 0, 0, 0], SCREEN_READ],
    ['every flag that a query may have', RD | AD | CD, [1, 0, 0, 0], SCREEN_READ],
    ['flags that a query should not have', AA | TC | RA | 0x40 | 0xf, [1, 0, 0, 0], SCREEN_READ],
    ['one answer', 0, [1, 1, 0, 0], SCREEN_READ],
    ['one authority: IXFR sends its SOA', 0, [1, 0, 1, 0], SCREEN_READ],
    ['two additionals: OPT and a signature', 0, [1, 0, 0, 2], SCREEN_READ],
    ['no question (RFC 9619)', 0, [0, 0, 0, 0], SCREEN_FORMERR],
    ['two questions (RFC 9619)', 0, [2, 0, 0, 0], SCREEN_FORMERR],
    ['65,535 questions', 0, [65_535, 0, 0, 0], SCREEN_FORMERR],
    ['two answers', 0, [1, 2, 0, 0], SCREEN_FORMERR],
    ['two authorities', 0, [1, 0, 2, 0], SCREEN_FORMERR],
    ['three additionals', 0, [1, 0, 0, 3], SCREEN_FORMERR],
    ['a response', QR, [1, 0, 0, 0], SCREEN_DROP],
    ['a response with another opcode', QR | opcode(5), [1, 0, 0, 0], SCREEN_DROP],
    ['a response with counts that lie', QR, [9, 9, 9, 9], SCREEN_DROP],
  ])('with %s', (_what, flags, counts, result) => {
    expect(screened(flags, counts)).toBe(result);
  });

  it.each(Array.from({ length: 15 }, (_, index) => index + 1))(
    'with opcode %i is not implemented',
    (code) => {
      expect(screened(opcode(code), [1, 0, 0, 0])).toBe(SCREEN_NOTIMP);
      expect(screened(opcode(code), [0, 0, 0, 0]), 'whatever it counts').toBe(SCREEN_NOTIMP);
    },
  );

  it('of 11 octets is dropped, of 12 read', () => {
    const bytes = message({ flags: 0, counts: [1] });
    for (let length = 0; length < 12; length++) expect(screenHeader(bytes, length)).toBe(SCREEN_DROP);
    expect(screenHeader(bytes, 12)).toBe(SCREEN_READ);
  });
});
