/**
 * Messages as octets, for tests that ask in ways that no tool does: what goes out is put together field by field, and nothing about it is
 * checked; what comes back has to be sound and is given in words.
 */
import { Reply } from '../../src/chain/outcome.ts';
import { withoutOpt } from '../../src/wire/builder.ts';
import { AA, AD, CD, QR, RA, RD, TC, readFlags, readId, rcodeOf } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { classCode, rcodeName, typeCode } from '../../src/wire/registry.ts';
import { decode } from './query.ts';

export interface RawEdns {
  /** 1232 unless given. */
  readonly udpSize?: number;
  readonly version?: number;
  readonly dnssecOk?: boolean;
  /** Codes and contents, in this order. */
  readonly options?: readonly (readonly [code: number, content: Uint8Array])[];
}

export interface RawQuery {
  /** Presentation form, sent in the case given. */
  readonly name: string;
  /** `A` unless given. */
  readonly type?: string;
  /** `IN` unless given. */
  readonly class?: string;
  /** 0x1234 unless given. */
  readonly id?: number;
  /** The second word of the header, with the opcode; RD unless given. */
  readonly flags?: number;
  /** Entries that the header counts, whatever there is; as there are unless given. */
  readonly counts?: readonly [number, number, number, number];
  /** No OPT unless given. */
  readonly edns?: RawEdns;
}

const DEFAULT_ID = 0x1234;
const TYPE_OPT = 41;

/** @throws {Error} for a name, type or class that cannot be written */
export function rawQuery(query: RawQuery): Buffer {
  const { edns, counts = [1, 0, 0, edns === undefined ? 0 : 1] } = query;
  const header = [query.id ?? DEFAULT_ID, query.flags ?? RD, ...counts];
  return Buffer.concat([
    ...header.map(word),
    nameFromText(query.name),
    word(known(typeCode, query.type ?? 'A')),
    word(known(classCode, query.class ?? 'IN')),
    ...(edns === undefined ? [] : [optRecord(edns)]),
  ]);
}

function optRecord({ udpSize = 1232, version = 0, dnssecOk = false, options = [] }: RawEdns): Buffer {
  const rdata = Buffer.concat(
    options.flatMap(([code, content]) => [word(code), word(content.length), content]),
  );
  const ttl = Buffer.of(0, version, dnssecOk ? 0x80 : 0, 0);
  return Buffer.concat([Buffer.of(0), word(TYPE_OPT), word(udpSize), ttl, word(rdata.length), rdata]);
}

const word = (value: number): Buffer => Buffer.of(value >>> 8, value & 0xff);

export interface RawReply {
  readonly id: number;
  /** Such as `NOERROR`; of the header's four bits alone. */
  readonly rcode: string;
  /** Such as `qr`, in the order of the header. */
  readonly flags: readonly string[];
  /** `name class type`, the name in the case it has; empty when there is none. */
  readonly question: string;
  /** Records as `owner ttl class type rdata`, without the OPT. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly hasOpt: boolean;
  readonly octets: number;
}

const FLAGS: readonly (readonly [string, number])[] = [
  ['qr', QR],
  ['aa', AA],
  ['tc', TC],
  ['rd', RD],
  ['ra', RA],
  ['ad', AD],
  ['cd', CD],
];

/** @throws {Error} for a message that is not sound */
export function readReply(message: Uint8Array): RawReply {
  const own = Uint8Array.from(message);
  const bits = readFlags(own);
  const { question, answer, authority, additional } = decode(new Reply(withoutOpt(own, own.length), 'test'));
  // A reply has its OPT where a query has it.
  const opt = new QueryMessage();
  if (question !== '') opt.read(own, own.length);
  return {
    id: readId(own),
    rcode: rcodeName(rcodeOf(bits)) ?? String(rcodeOf(bits)),
    flags: FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name),
    question,
    answer,
    authority,
    additional,
    hasOpt: opt.hasOpt,
    octets: own.length,
  };
}

function known(lookUp: (name: string) => number | undefined, name: string): number {
  const code = lookUp(name);
  if (code === undefined) throw new Error(`no such type or class: ${name}`);
  return code;
}
