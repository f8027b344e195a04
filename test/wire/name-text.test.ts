import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFromText, nameToText } from '../../src/wire/name.ts';
import { arbitraryName } from './arbitrary-name.ts';
import { hex, label, octets } from './raw-message.ts';

describe('presentation form', () => {
  it.each([
    ['.', octets(0)],
    ['example.org.', octets(7, Buffer.from('example'), 3, Buffer.from('org'), 0)],
    [
      '_dns._udp.ExAmPlE.',
      octets(4, Buffer.from('_dns'), 4, Buffer.from('_udp'), 7, Buffer.from('ExAmPlE'), 0),
    ],
    ['a\\.b.', octets(3, Buffer.from('a.b'), 0)],
    ['a\\\\b.', octets(3, Buffer.from('a\\b'), 0)],
    ['\\"\\(\\)\\;\\@\\$\\ .', octets(7, Buffer.from('"();@$ '), 0)],
    ['\\000.', octets(1, 0, 0)],
    ['\\031.', octets(1, 31, 0)],
    ['!~.', octets(2, 0x21, 0x7e, 0)],
    ['\\127.', octets(1, 127, 0)],
    ['\\128\\255.', octets(2, 128, 255, 0)],
    [`${'a'.repeat(63)}.`, octets(label(63), 0)],
  ])('%s', (text, name) => {
    expect(nameToText(name)).toBe(text);
    expect(hex(nameFromText(text))).toBe(hex(name));
  });

  it.each([
    ['a missing final dot is taken as there', 'example.org', 'example.org.'],
    ['an escape that was not needed', '\\e\\x.', 'ex.'],
    ['an escape in digits for a printable character', '\\101\\120\\046.', 'ex\\..'],
    ['an escaped dot at the end is part of the label', 'a\\.', 'a\\..'],
    ['a digit behind a full escape', '\\0099.', '\\0099.'],
    ['text beyond ASCII is UTF-8', 'é.', '\\195\\169.'],
  ])('reads %s', (_what, written, canonical) => {
    expect(nameToText(nameFromText(written))).toBe(canonical);
  });

  it.each([
    ['nothing', '', 'empty name ""'],
    ['an empty label in front', '.a', 'empty label'],
    ['an empty label in the middle', 'a..b', 'empty label'],
    ['an empty label at the end', 'a..', 'empty label'],
    ['two dots', '..', 'empty label'],
    ['a label of 64 octets', `${'a'.repeat(64)}.`, 'label over 63 octets'],
    ['a last label of 64 octets without a dot', 'a'.repeat(64), 'label over 63 octets'],
    ['a label of 64 octets in escapes', '\\001'.repeat(64), 'label over 63 octets'],
    ['256 octets', `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(62)}.`, 'name over 255 octets'],
    ['a backslash at the end', 'a\\', 'backslash at the end'],
    ['an escape of one digit', 'a\\1', 'three digits'],
    ['an escape of two digits', 'a\\12.', 'three digits'],
    ['an escape of two digits and a letter', 'a\\12x', 'three digits'],
    ['an escape over 255', '\\256.', 'over 255'],
    ['an escape far over 255', '\\999.', 'over 255'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => nameFromText(text)).toThrow(RangeError);
    expect(() => nameFromText(text)).toThrow(message);
  });

  it('takes 255 octets', () => {
    const text = `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(61)}.`;
    expect(nameFromText(text)).toHaveLength(255);
  });

  it('prints the stretch that it is given', () => {
    const octetsAround = octets(0xff, 0xff, 'a.b.', 0xff);
    expect(nameToText(octetsAround, 2, 7)).toBe('a.b.');
    expect(nameToText(octetsAround, 4, 7)).toBe('b.');
    expect(nameToText(octetsAround, 6, 7)).toBe('.');
  });

  it('is what every name can be written in and read from', () => {
    fc.assert(
      fc.property(arbitraryName, (name) => {
        const text = nameToText(name);
        expect(text).toMatch(/^[\x21-\x7e ]+$/);
        expect(hex(nameFromText(text))).toBe(hex(name));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is refused with a RangeError or read, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('a', '.', '\\', '0', '9', '2'), maxLength: 300 }),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          const name = nameFromText(written);
          expect(hex(nameFromText(nameToText(name)))).toBe(hex(name));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});
