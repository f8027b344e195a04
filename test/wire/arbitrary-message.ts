/**
 * Messages for properties: a model of what is said, out of the registry's own layouts, and two ways to write it down. `write` lays it out
 * as servers in the field do, names compressed wherever one stood before, in RDATA of any type too; the builder of `src` is the other.
 */
import * as fc from 'fast-check';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { QR, SECTION_ADDITIONAL, SECTION_ANSWER } from '../../src/wire/header.ts';
import { TYPE_OPT, recordType } from '../../src/wire/registry.ts';
import { arbitraryName, familiarName } from './arbitrary-name.ts';
import { octets, pointer, uint16, uint32 } from './raw-message.ts';

/** One field of RDATA: a name, which a layout may compress, or octets. */
interface Field {
  readonly isName: boolean;
  readonly octets: Uint8Array;
}

export interface ModelRecord {
  readonly section: number;
  readonly owner: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly fields: readonly Field[];
}

export interface MessageModel {
  readonly flags: number;
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  /** In the order of sections. */
  readonly records: readonly ModelRecord[];
}

const KNOWN_TYPES = Array.from({ length: 300 }, (_, code) => code).filter(
  (code) => code !== TYPE_OPT && recordType(code) !== undefined,
);
const uint16s = fc.integer({ min: 0, max: 0xffff });
const uint32s = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const classes = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: uint16s });
const text = fc.uint8Array({ maxLength: 255 }).map((bytes): Uint8Array => octets(bytes.length, bytes));

function fieldOf(letter: string): fc.Arbitrary<Field> {
  if (letter === 'n') return arbitraryName.map((name) => ({ isName: true, octets: name }));
  return octetsOf(letter).map((bytes) => ({ isName: false, octets: bytes }));
}

function octetsOf(letter: string): fc.Arbitrary<Uint8Array> {
  const size = { '4': 4, '6': 16, b: 1, h: 2, w: 4 }[letter];
  if (size !== undefined) return fc.uint8Array({ minLength: size, maxLength: size });
  if (letter === 's') return text;
  if (letter === 'S') return fc.array(text, { minLength: 1, maxLength: 3 }).map((texts) => octets(...texts));
  return fc.uint8Array({ maxLength: 60 });
}

const typeAndFields = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(1, 2, 5, 6, 28, 33) },
    { weight: 4, arbitrary: fc.constantFrom(...KNOWN_TYPES) },
    { weight: 1, arbitrary: uint16s.filter((type) => type !== TYPE_OPT) },
  )
  .chain((type) =>
    fc.record({
      type: fc.constant(type),
      fields: fc.tuple(...Array.from(recordType(type)?.layout ?? '*', (letter) => fieldOf(letter))),
    }),
  );

const modelRecord: fc.Arbitrary<ModelRecord> = typeAndFields.chain(({ type, fields }) =>
  fc.record({
    section: fc.integer({ min: SECTION_ANSWER, max: SECTION_ADDITIONAL }),
    owner: fc.oneof({ weight: 4, arbitrary: familiarName }, { weight: 1, arbitrary: arbitraryName }),
    type: fc.constant(type),
    class: classes,
    ttl: uint32s,
    fields: fc.constant(fields),
  }),
);

/** Replies of up to 12 records of any types but OPT. */
export const messageModel: fc.Arbitrary<MessageModel> = fc.record({
  flags: uint16s.map((flags) => flags | QR),
  name: arbitraryName,
  type: uint16s,
  class: classes,
  records: fc
    .array(modelRecord, { maxLength: 12 })
    .map((records) => records.toSorted((a, b) => a.section - b.section)),
});

/** Writes the model with the builder, RDATA in full. */
export function build(model: MessageModel): Uint8Array {
  const builder = new MessageBuilder(model.flags).question(model.name, model.type, model.class);
  for (const { section, owner, type, class: klass, ttl, fields } of model.records) {
    builder.record(section, owner, type, klass, ttl, octets(...fields.map((field) => field.octets)));
  }
  return builder.finish();
}

/** Writes the model as compressed as can be, pointers in RDATA included. Names are shared where they are equal octet by octet. */
export function write(model: MessageModel): Uint8Array {
  const counts = [1, 2, 3].map((section) => model.records.filter((row) => row.section === section).length);
  const written = new Written();
  written.add(octets(0, 0, uint16(model.flags), uint16(1), ...counts.map((count) => uint16(count))));
  written.addName(model.name);
  written.add(octets(uint16(model.type), uint16(model.class)));
  for (const { owner, type, class: klass, ttl, fields } of model.records) {
    written.addName(owner);
    written.add(octets(uint16(type), uint16(klass), uint32(ttl)));
    const start = written.length;
    written.add(octets(0, 0));
    for (const field of fields) {
      if (field.isName) written.addName(field.octets);
      else written.add(field.octets);
    }
    written.set(start, uint16(written.length - start - 2));
  }
  return written.octets;
}

class Written {
  length = 0;
  private readonly buffer = new Uint8Array(65_535);
  private readonly names = new Map<string, number>();

  get octets(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  add(bytes: Uint8Array): void {
    this.set(this.length, bytes);
    this.length += bytes.length;
  }

  set(offset: number, bytes: Uint8Array): void {
    this.buffer.set(bytes, offset);
  }

  addName(name: Uint8Array): void {
    for (let at = 0; at < name.length; at += name[at] + 1) {
      const suffix = Buffer.from(name.subarray(at)).toString('latin1');
      const known = this.names.get(suffix);
      if (known !== undefined) return this.add(pointer(known));
      if (name[at] !== 0 && this.length < 0x4000) this.names.set(suffix, this.length);
      this.add(name.subarray(at, at + name[at] + 1));
    }
  }
}
