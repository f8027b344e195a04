import { describe, expect, it } from 'vitest';
import { MALFORMED, MAX_POINTERS, expandName, skipName, skipPlainName } from '../../src/wire/name.ts';
import { hex, label, octets, pointer } from './raw-message.ts';

/** Names stand behind a header in every message. */
const HEADER = new Uint8Array(12);

/** Reads the name at `offset` (the first octet behind the header unless given) of a message that ends where `parts` end. */
function read(bytes: Uint8Array, offset = 12): { plain: number; skipped: number; expanded: string | number } {
  const out = new Uint8Array(300).fill(0xee);
  const length = expandName(bytes, offset, bytes.length, out, 0);
  if (length > 0) expect(out[length], 'nothing is written behind the name').toBe(0xee);
  return {
    plain: skipPlainName(bytes, offset, bytes.length),
    skipped: skipName(bytes, offset, bytes.length),
    expanded: length === MALFORMED ? MALFORMED : hex(out.subarray(0, length)),
  };
}

const NOTHING = { plain: MALFORMED, skipped: MALFORMED, expanded: MALFORMED };
const threeLabelsOf63 = octets(label(63), label(63), label(63));

describe('a name without pointers', () => {
  it.each([
    ['the root', octets(0)],
    ['one letter', octets(1, 0x61, 0)],
    ['a label of 63 octets, the longest', octets(label(63), 0)],
    ['255 octets, the longest, in few labels', octets(threeLabelsOf63, label(61), 0)],
    ['255 octets in 127 labels', octets(...Array.from({ length: 127 }, () => label(1)), 0)],
    ['octets that are no text', octets(4, 0x00, 0x2e, 0xc0, 0xff, 0)],
  ])('is read: %s', (_what, name) => {
    const end = 12 + name.length;
    expect(read(octets(HEADER, name))).toEqual({ plain: end, skipped: end, expanded: hex(name) });
    expect(read(octets(HEADER, name, 0x77)), 'with something behind it').toEqual({
      plain: end,
      skipped: end,
      expanded: hex(name),
    });
  });

  it.each([
    ['nothing at all', octets()],
    ['a label of 64 octets: a kind of label that was never used (RFC 6891 section 5)', octets(label(64), 0)],
    ['a label type of 0x80', octets(0x80, 0)],
    ['a label type of 0xbf, the last before pointers', octets(0xbf, 0)],
    ['a label that runs over the end by one octet', octets(3, 0x61, 0x62)],
    ['a label that ends where the message ends, without a root', octets(1, 0x61)],
    ['256 octets', octets(threeLabelsOf63, label(62), 0)],
    ['257 octets', octets(threeLabelsOf63, label(63), 0)],
    ['129 labels', octets(...Array.from({ length: 129 }, () => label(1)), 0)],
  ])('is malformed: %s', (_what, name) => {
    expect(read(octets(HEADER, name))).toEqual(NOTHING);
  });

  it('is not read over the end, whatever stands there', () => {
    const bytes = octets(HEADER, label(3), 0);
    for (let end = 12; end < bytes.length; end++) {
      expect(skipPlainName(bytes, 12, end)).toBe(MALFORMED);
      expect(skipName(bytes, 12, end)).toBe(MALFORMED);
      expect(expandName(bytes, 12, end, new Uint8Array(255), 0)).toBe(MALFORMED);
    }
  });

  it('keeps its case and goes where it is told', () => {
    const out = new Uint8Array(10).fill(0xee);
    expect(expandName(octets(HEADER, 'aB.C.'), 12, 18, out, 3)).toBe(6);
    expect(hex(out)).toBe('ee ee ee 02 61 42 01 43 00 ee');
  });
});

describe('a name with pointers', () => {
  // 12: "org", 17: "example" and a pointer to it.
  const before = octets(HEADER, 'org.', 7, Buffer.from('example'), pointer(12));

  it.each([
    ['only a pointer', pointer(12), 'org.'],
    ['labels and a pointer', octets(label(2), pointer(12)), 'aa.org.'],
    ['a pointer to a pointer', octets(label(1), pointer(17)), 'a.example.org.'],
    ['a pointer to the root of another name', octets(label(1), pointer(16)), 'a.'],
    ['a pointer into the middle of a name', octets(label(1), pointer(25)), 'a.org.'],
  ])('is expanded: %s', (_what, name, expanded) => {
    const bytes = octets(before, name);
    expect(read(bytes, before.length)).toMatchObject({
      skipped: bytes.length,
      expanded: hex(octets(expanded)),
    });
  });

  it('is none where none may be', () => {
    expect(skipPlainName(before, 17, before.length)).toBe(MALFORMED);
  });

  it.each([
    ['forward', pointer(40)],
    ['to itself', pointer(before.length)],
    ['to the label in front of it: a loop', octets(label(1), pointer(before.length))],
    ['to its own second octet', pointer(before.length + 1)],
    ['over the end of the message', pointer(0x3fff)],
    ['to the last octet of the header', pointer(11)],
    ['to the id', pointer(0)],
    ['to a label that runs on to the pointer and over it', pointer(13)],
  ])('is malformed when one points %s', (_what, name) => {
    const bytes = octets(before, name);
    expect(expandName(bytes, before.length, bytes.length, new Uint8Array(255), 0)).toBe(MALFORMED);
  });

  // Found by fuzzing: such a name changed, or went, when the octets behind its record were cut off.
  it('is malformed when the labels that it points to run over its own place and on behind it', () => {
    const at = before.length;
    const bytes = octets(before, 1, pointer(at), Buffer.alloc(at, 'x'), 0, Buffer.alloc(8));
    expect(bytes[at + 2]).toBe(at);
    expect(expandName(bytes, at + 1, bytes.length, new Uint8Array(255), 0)).toBe(MALFORMED);
  });

  it('is malformed when two names point to each other', () => {
    const bytes = octets(HEADER, label(1), pointer(16), label(1), pointer(12));
    expect(read(bytes, 12).expanded).toBe(MALFORMED);
    expect(read(bytes, 16).expanded).toBe(MALFORMED);
  });

  it('is malformed when the second octet of the pointer is missing', () => {
    expect(read(octets(before, 0xc0), before.length)).toEqual(NOTHING);
  });

  it.each([
    ['as many as are followed', MAX_POINTERS, hex(octets(0))],
    ['one more', MAX_POINTERS + 1, MALFORMED],
    ['as many as a message can hold', 8000, MALFORMED],
  ])('may take %s in a row', (_what, hops, expanded) => {
    const chain = Array.from({ length: hops }, (_, hop) => pointer(hop === 0 ? 12 : 13 + 2 * (hop - 1)));
    const bytes = octets(HEADER, 0, ...chain);
    expect(read(bytes, bytes.length - 2).expanded).toBe(expanded);
  });

  it.each([
    ['255 octets, the longest', 59, true],
    ['256 octets', 60, false],
  ])('may be expanded to %s', (_what, last, fits) => {
    const target = octets(label(last), 0);
    const bytes = octets(HEADER, target, threeLabelsOf63, 1, 0x61, pointer(12));
    const expanded = read(bytes, 12 + target.length).expanded;
    const whole = octets(threeLabelsOf63, 1, 0x61, target);
    expect(whole.length).toBe(fits ? 255 : 256);
    expect(expanded).toBe(fits ? hex(whole) : MALFORMED);
  });
});
