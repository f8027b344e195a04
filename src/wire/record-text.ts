/**
 * One resource record from its presentation form (RFC 1035 section 5.1) to what goes into a message: for records that stand in a
 * configuration, or that one makes. The owner stands first; TTL and class may follow in either order; every name is absolute, with or
 * without its final dot, and `@` is the root. Directives (`$TTL`), files of records and the way back to text are not here.
 */
import { messageOf } from '../base/error-message.ts';
import { nameFromText } from './name.ts';
import { rdataFromWords } from './rdata-text.ts';
import { CLASS_IN, TYPE_ANY, TYPE_OPT, TYPE_TKEY, classCode, typeCode, typeName } from './registry.ts';
import { ttlFromText } from './ttl-text.ts';
import { cutWords, shown } from './zone-words.ts';
import type { Word } from './zone-words.ts';

/** What a record without a TTL gets, as the library that CoreDNS is built on has it. */
export const DEFAULT_TTL_SECONDS = 3600;

export interface ResourceRecord {
  /** Expanded name in wire form, its case as written. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly class: number;
  /** 0 to 2^31-1. */
  readonly ttlSeconds: number;
  /** Without compression. */
  readonly rdata: Uint8Array;
}

/**
 * @param text one record; comments and further blank lines are ignored.
 * @param defaultTtlSeconds for a record without a TTL.
 * @throws RangeError that says what was expected and found, such as `A: expected an IPv4 address, found "x"`
 */
export function parseRecordText(text: string, defaultTtlSeconds = DEFAULT_TTL_SECONDS): ResourceRecord {
  const words = cutWords(text);
  const owner = readOwner(words[0]);
  let ttlSeconds: number | undefined;
  let klass: number | undefined;
  let at = 1;
  for (; at < words.length && at < 4; at++) {
    const word = words[at].text;
    const asTtl = ttlSeconds === undefined ? ttlFromText(word) : undefined;
    const asClass = klass === undefined ? classCode(word.toUpperCase()) : undefined;
    if (asTtl === undefined && asClass === undefined) break;
    ttlSeconds ??= asTtl;
    klass ??= asClass;
  }
  const type = readType(words[at]);
  return {
    owner,
    type,
    class: klass ?? CLASS_IN,
    ttlSeconds: ttlSeconds ?? defaultTtlSeconds,
    rdata: readRdata(type, words.slice(at + 1)),
  };
}

function readOwner(word: Word | undefined): Uint8Array {
  if (word === undefined) throw new RangeError('expected an owner name, found the end');
  try {
    return nameFromText(word.text === '@' ? '.' : word.text);
  } catch (cause) {
    throw new RangeError(`expected an owner name, found ${shown(word.text)}`, { cause });
  }
}

function readType(word: Word | undefined): number {
  if (word === undefined) throw new RangeError('expected a record type, found the end');
  const type = typeCode(word.text.toUpperCase());
  if (type === undefined)
    throw new RangeError(`expected a TTL, a class or a record type, found ${shown(word.text)}`);
  // Types of questions and of messages, which no data have (RFC 6895 section 3.1).
  if (type === 0 || type === TYPE_OPT || (type >= TYPE_TKEY && type <= TYPE_ANY)) {
    throw new RangeError(`expected a record type, found ${shown(word.text)}, which no record can have`);
  }
  return type;
}

function readRdata(type: number, words: readonly Word[]): Uint8Array {
  try {
    return rdataFromWords(type, words);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new RangeError(`${typeName(type)}: ${reason}`, { cause });
  }
}
