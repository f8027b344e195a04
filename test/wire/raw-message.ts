/**
 * Messages laid out octet by octet, so that a test can say exactly what is wrong with one. Nothing is compressed, counted or corrected
 * that the test does not say.
 */
import { QR, writeUint16, writeUint32 } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';

/** One octet, octets, or a domain name in presentation form. */
export type Part = number | Uint8Array | string;

export function octets(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => octetsOf(part))));
}

function octetsOf(part: Part): Uint8Array {
  if (typeof part === 'number') return Uint8Array.of(part);
  return typeof part === 'string' ? nameFromText(part) : part;
}

export function uint16(value: number): Uint8Array {
  const out = new Uint8Array(2);
  writeUint16(out, 0, value);
  return out;
}

export function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  writeUint32(out, 0, value);
  return out;
}

/** A length octet and so many octets behind it. */
export const label = (length: number, fill = 0x61): Uint8Array =>
  Uint8Array.of(length, ...Array.from({ length }, () => fill));

export const pointer = (target: number): Uint8Array => uint16(0xc000 | target);

export interface RecordSpec {
  /** The question's name by default, as a pointer to it. */
  readonly owner?: Part;
  readonly type?: number;
  readonly class?: number;
  readonly ttl?: number;
  readonly rdata?: Uint8Array;
  /** What RDLENGTH says; the length of `rdata` unless given. */
  readonly rdlength?: number;
}

export function record(spec: RecordSpec = {}): Uint8Array {
  const rdata = spec.rdata ?? Uint8Array.of(192, 0, 2, 1);
  return octets(
    spec.owner ?? QNAME,
    uint16(spec.type ?? TYPE_A),
    uint16(spec.class ?? CLASS_IN),
    uint32(spec.ttl ?? 300),
    uint16(spec.rdlength ?? rdata.length),
    rdata,
  );
}

export interface MessageSpec {
  readonly id?: number;
  readonly flags?: number;
  /** Octets of the question section; `QUESTION` unless given. */
  readonly question?: Uint8Array;
  readonly answer?: readonly Uint8Array[];
  readonly authority?: readonly Uint8Array[];
  readonly additional?: readonly Uint8Array[];
  /** What the header counts, by section, where that is not what is there. */
  readonly counts?: readonly (number | undefined)[];
  readonly trailing?: Uint8Array;
}

export function message(spec: MessageSpec = {}): Uint8Array {
  const question = spec.question ?? QUESTION;
  const sections = [spec.answer ?? [], spec.authority ?? [], spec.additional ?? []];
  const counts = [question.length > 0 ? 1 : 0, ...sections.map((records) => records.length)];
  return octets(
    uint16(spec.id ?? 0x1234),
    uint16(spec.flags ?? QR),
    ...counts.map((count, section) => uint16(spec.counts?.[section] ?? count)),
    question,
    ...sections.flat(),
    spec.trailing ?? new Uint8Array(0),
  );
}

export const question = (name: Part, type = TYPE_A, klass = CLASS_IN): Uint8Array =>
  octets(name, uint16(type), uint16(klass));

export const QUESTION_NAME = 'www.example.org.';
export const QUESTION = question(QUESTION_NAME);
/** Where the first record stands behind `QUESTION`. */
export const FIRST_RECORD = 12 + QUESTION.length;

/** Pointers into `QUESTION`: to its name, and to the two names above it. */
export const QNAME = pointer(12);
export const EXAMPLE_ORG = pointer(16);
export const ORG = pointer(24);

/** Octets as `xx xx xx`, for comparing. */
export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('hex').replaceAll(/..\B/g, '$& ');
