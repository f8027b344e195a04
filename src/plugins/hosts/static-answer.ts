/**
 * Turns what a hosts file says into finished replies, and keeps those that were asked for. The only module that knows dns2.
 *
 * dns2 turns each value into RDATA. The message around the records is laid out by `wire`: dns2 copies the whole message for each record it
 * adds and knows no largest message, so that the PTR of an address with 100,000 names would stop the daemon for minutes. dns2 splits
 * names at every dot and has no escapes, reads `::ffff:192.0.2.1` wrong, and writes only the low octet of a character; what is handed to
 * it here has none of those (see `name-key.ts` and `ip-address.ts`).
 */
import { LRUCache } from 'lru-cache';
import type { Packet as PacketType } from 'dns2';
import { findTtls } from '../../wire/ttl.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { AA, QR, SECTION_ANSWER, TC, writeFlags } from '../../wire/header.ts';
import { CLASS_IN, TYPE_PTR } from '../../wire/registry.ts';
import { labelsOf } from './name-key.ts';

/** dns2's module, which costs 40 ms and 6 MB to load: only Corefiles with `hosts` pay for it. */
export type Codec = Pick<typeof PacketType, 'Resource'>;

export const loadCodec = async (): Promise<Codec> => (await import('dns2')).Packet;

export interface StaticAnswer {
  /** Authoritative, without OPT, at most 65,535 octets; TC is set when not all records fitted. */
  readonly message: Uint8Array;
  readonly ttlOffsets: Uint16Array;
}

/** An owner of no octets but the root label, then type, class, TTL and RDLENGTH: what dns2 writes in front of the RDATA. */
const RECORD_HEADER_OCTETS = 11;

/**
 * @param name expanded; asked and owning
 * @param values addresses in the form of `IpAddress.text` for A and AAAA, keys of names for PTR; equal ones become one record, since an
 *   RRset has no duplicates (RFC 2181 section 5)
 */
export function compileAnswer(
  codec: Codec,
  name: Uint8Array,
  type: number,
  ttlSeconds: number,
  values: Iterable<string>,
): StaticAnswer {
  const builder = new MessageBuilder(QR | AA).question(name, type, CLASS_IN);
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) continue;
    seen.add(value);
    builder.record(SECTION_ANSWER, name, type, CLASS_IN, ttlSeconds, rdataOf(codec, type, value));
    if (builder.overflowed) break;
  }
  const message = builder.finish().slice();
  if (builder.overflowed) writeFlags(message, QR | AA | TC);
  return { message, ttlOffsets: findTtls(message, message.length) };
}

function rdataOf(codec: Codec, type: number, value: string): Uint8Array {
  const content = type === TYPE_PTR ? { domain: labelsOf(value).join('.') } : { address: value };
  const resource = new codec.Resource({ name: '', type, class: CLASS_IN, ttl: 0, ...content });
  return codec.Resource.encode(resource).subarray(RECORD_HEADER_OCTETS);
}

/** All answers kept together may have this many octets; which names are asked for is the clients' choice. */
const MAX_KEPT_OCTETS = 4 * 1024 * 1024;
/** What an answer takes beside its octets: objects, the key, a place in the map. */
const OVERHEAD_OCTETS = 400;

/** Answers by question, the least used ones leaving first. */
export class AnswerStore {
  private readonly answers = new LRUCache<string, StaticAnswer>({ maxSize: MAX_KEPT_OCTETS });

  get(question: string): StaticAnswer | undefined {
    return this.answers.get(question);
  }

  set(question: string, answer: StaticAnswer): void {
    const size = answer.message.length + answer.ttlOffsets.byteLength + question.length + OVERHEAD_OCTETS;
    this.answers.set(question, answer, { size });
  }
}
