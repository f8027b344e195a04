/**
 * Domain names as octets (RFC 1035 sections 3.1 and 4.1.4): skipped, expanded, compared, and turned from and into presentation form.
 *
 * A name may hold any octet (RFC 2181 section 11); case is kept and folded for ASCII letters only (RFC 4343). A compression pointer must
 * point to before the place where the current run of labels began, and the run that it points to must end there too: so every walk ends,
 * and no name is made of what stands behind it (its own record's fields, or octets behind the message). How many are followed is bounded
 * all the same, since each hop costs and none of the honest compressors needs many. The header holds no name: id and flags are written anew on the way
 * through, and a name that pointed to them would change with them. Functions over network input answer `MALFORMED` and never throw.
 */
import { HEADER_OCTETS } from './header.ts';

/** RFC 1035 section 2.3.4: limits in octets, the length octets and the root label included. */
export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;

/** Pointers followed within one name. A compressor needs at most one a label; names with more labels than this are rare. */
export const MAX_POINTERS = 40;

/** What a reader answers where the octets are not a name, a record or a message. */
export const MALFORMED = -1;

const POINTER_BITS = 0xc0;

/**
 * Where the name at `offset` ends in the message, its pointer not followed.
 * @returns the offset behind the name, or `MALFORMED` when it runs over `end`, is too long or has a label of an unknown kind.
 */
export function skipName(message: Uint8Array, offset: number, end: number): number {
  const start = offset;
  while (offset < end) {
    const length = message[offset];
    if (length === 0) return offset + 1;
    if (length >= POINTER_BITS) return offset + 2 <= end ? offset + 2 : MALFORMED;
    if (length > MAX_LABEL_OCTETS) return MALFORMED;
    offset += length + 1;
    if (offset - start >= MAX_NAME_OCTETS) return MALFORMED;
  }
  return MALFORMED;
}

/**
 * Where a name without any pointer ends: the first name of a message has nothing before it to point to.
 * @returns the offset behind the root label, or `MALFORMED`.
 */
export function skipPlainName(message: Uint8Array, offset: number, end: number): number {
  const limit = Math.min(end, offset + MAX_NAME_OCTETS);
  while (offset < limit) {
    const length = message[offset];
    if (length === 0) return offset + 1;
    if (length > MAX_LABEL_OCTETS) return MALFORMED;
    offset += length + 1;
  }
  return MALFORMED;
}

/**
 * Copies the name at `offset` without compression.
 * @returns octets written at `outOffset` (1 … 255), or `MALFORMED`. `out` has room for `MAX_NAME_OCTETS`.
 */
export function expandName(
  message: Uint8Array,
  offset: number,
  end: number,
  out: Uint8Array,
  outOffset: number,
): number {
  let written = 0;
  let runStart = offset;
  let pointers = 0;
  while (offset < end) {
    const length = message[offset];
    if (length >= POINTER_BITS) {
      if (offset + 1 >= end || ++pointers > MAX_POINTERS) return MALFORMED;
      const target = ((length & 0x3f) << 8) | message[offset + 1];
      if (target >= runStart || target < HEADER_OCTETS) return MALFORMED;
      end = runStart;
      offset = runStart = target;
      continue;
    }
    if (length > MAX_LABEL_OCTETS || offset + length >= end) return MALFORMED;
    if (written + length + 1 > MAX_NAME_OCTETS) return MALFORMED;
    for (let i = 0; i <= length; i++) out[outOffset + written + i] = message[offset + i]!;
    written += length + 1;
    if (length === 0) return written;
    offset += length + 1;
  }
  return MALFORMED;
}

/** The octet with an ASCII capital folded; every other octet as it is (RFC 4343 section 3). */
export const foldOctet = (octet: number): number => (octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet);

/** Copies `length` octets with ASCII capitals folded. Safe for whole names: a length octet is at most 63, below the letters. */
export function foldInto(
  from: Uint8Array,
  offset: number,
  length: number,
  out: Uint8Array,
  outOffset: number,
): void {
  for (let i = 0; i < length; i++) {
    const octet = from[offset + i];
    out[outOffset + i] = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
  }
}

/** Whether two stretches of octets are the same name, ASCII case aside. Both are expanded names of `length` octets. */
export function equalFolded(
  a: Uint8Array,
  aOffset: number,
  b: Uint8Array,
  bOffset: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    const left = a[aOffset + i];
    const right = b[bOffset + i];
    if (left !== right && foldOctet(left) !== foldOctet(right)) return false;
  }
  return true;
}

/** Whether the expanded `name` is `zone` or below it, ASCII case aside. Both run to the end of their arrays. */
export function isWithin(name: Uint8Array, zone: Uint8Array): boolean {
  let offset = 0;
  while (name.length - offset > zone.length) {
    const length = name[offset];
    if (length === 0) return false;
    offset += length + 1;
  }
  return name.length - offset === zone.length && equalFolded(name, offset, zone, 0, zone.length);
}

/** Labels of an expanded name, the root not counted. */
export function countLabels(name: Uint8Array, offset = 0): number {
  let labels = 0;
  while (name[offset] !== 0 && offset < name.length) {
    offset += name[offset] + 1;
    labels++;
  }
  return labels;
}

/** An expanded name in presentation form with its final dot; `\.`, `\\` and `\DDD` where needed (RFC 1035 section 5.1). */
export function nameToText(name: Uint8Array, offset = 0, end = name.length): string {
  if (offset < end && name[offset] === 0) return '.';
  let text = '';
  while (offset < end && name[offset] !== 0) {
    const labelEnd = Math.min(offset + 1 + name[offset], end);
    for (let i = offset + 1; i < labelEnd; i++) text += octetToText(name[i]);
    text += '.';
    offset = labelEnd;
  }
  return text;
}

const NEEDS_BACKSLASH: ReadonlySet<string> = new Set(['.', '\\', '"', '(', ')', ';', '@', '$', ' ']);

function octetToText(octet: number): string {
  if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return NEEDS_BACKSLASH.has(character) ? `\\${character}` : character;
}

/**
 * The wire form of a name in presentation form; a missing final dot is taken as there. Case is kept.
 * @throws RangeError that names what is wrong: an empty label, a label over 63 octets, a name over 255, a broken escape.
 */
export function nameFromText(text: string): Uint8Array {
  if (text === '.') return Uint8Array.of(0);
  const out: number[] = [];
  let label: number[] = [];
  const endLabel = (): void => {
    if (label.length === 0) throw new RangeError(`empty label in name "${text}"`);
    if (label.length > MAX_LABEL_OCTETS) throw new RangeError(`label over 63 octets in name "${text}"`);
    out.push(label.length, ...label);
    label = [];
  };
  const octets = Buffer.from(text, 'utf8');
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === 0x2e) {
      endLabel();
      continue;
    }
    if (octets[i] !== 0x5c) {
      label.push(octets[i]);
      continue;
    }
    const escape = readEscape(text, octets, i + 1);
    label.push(escape.octet);
    i += escape.octets;
  }
  if (label.length > 0) endLabel();
  if (out.length === 0) throw new RangeError(`empty name "${text}"`);
  out.push(0);
  if (out.length > MAX_NAME_OCTETS) throw new RangeError(`name over 255 octets: "${text}"`);
  return Uint8Array.from(out);
}

const isDigit = (octet: number | undefined): boolean => octet !== undefined && octet >= 0x30 && octet <= 0x39;

function readEscape(text: string, octets: Uint8Array, offset: number): { octet: number; octets: number } {
  if (offset >= octets.length) throw new RangeError(`backslash at the end of name "${text}"`);
  if (!isDigit(octets[offset])) return { octet: octets[offset], octets: 1 };
  if (!isDigit(octets[offset + 1]) || !isDigit(octets[offset + 2])) {
    throw new RangeError(`escape wants three digits in name "${text}"`);
  }
  const value =
    (octets[offset] - 0x30) * 100 + (octets[offset + 1] - 0x30) * 10 + (octets[offset + 2] - 0x30);
  if (value > 255) throw new RangeError(`escape over 255 in name "${text}"`);
  return { octet: value, octets: 3 };
}
