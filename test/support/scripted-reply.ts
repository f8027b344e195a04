/**
 * What a scripted upstream does with a query: the actions, and the octets of replies, honest or not. Everything a reply can lie about is a
 * field of `ReplySpec`; what is left out is as an honest server would have it.
 */
import { isIPv4 } from 'node:net';
import {
  AA,
  AD,
  QR,
  RA,
  RD,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  TC,
  writeCount,
  writeId,
} from '../../src/wire/header.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { OPT_OCTETS, writeOpt } from '../../src/wire/edns.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { classCode, rcodeCode, recordType, typeCode } from '../../src/wire/registry.ts';

/** A query as the scripted upstream read it. */
export interface ReceivedQuery {
  /** Presentation form with final dot, in the case that was sent. */
  readonly name: string;
  /** `A`, `TYPE65280`. */
  readonly type: string;
  /** `IN`. */
  readonly class: string;
  readonly id: number;
  /** The second word of the header. */
  readonly flags: number;
  readonly hasOpt: boolean;
  readonly dnssecOk: boolean;
  readonly udpSize: number;
  readonly transport: 'udp' | 'tcp';
  readonly clientPort: number;
  /** Which of the connections accepted so far, from 1 on; 0 over UDP. */
  readonly connection: number;
  readonly message: Uint8Array;
}

export interface ReplySpec {
  /** `NOERROR` unless given. */
  rcode?: string;
  /** Lines such as `example.org. 30 IN A 192.0.2.1`; `@` is the question's name. */
  answers?: readonly string[];
  authority?: readonly string[];
  additional?: readonly string[];
  /** Further flag bits; RA is set unless `recursionAvailable` is false. */
  authoritative?: boolean;
  truncated?: boolean;
  authenticData?: boolean;
  recursionAvailable?: boolean;
  /** Whether an OPT stands at the end; as in the query unless given. */
  opt?: boolean;

  /** An id that is not the query's. */
  id?: 'wrong' | number;
  /** False: QR is 0. */
  response?: boolean;
  opcode?: number;
  /** Another question than was asked. */
  name?: string;
  type?: string;
  class?: string;
  /** How many questions the header counts; there is one. */
  questionCount?: number;
  /** How many answers the header counts beside those there are. */
  extraAnswerCount?: number;
  /** Octets that are missing at the end. */
  cutOctets?: number;
}

export type ScriptedAction =
  | { readonly kind: 'send'; readonly octets: (query: ReceivedQuery) => Uint8Array }
  | { readonly kind: 'later'; readonly when: number | Promise<unknown>; readonly action: ScriptedAction }
  | { readonly kind: 'several'; readonly actions: readonly ScriptedAction[] }
  | { readonly kind: 'drop' }
  | { readonly kind: 'close' }
  | { readonly kind: 'reset' };

/** Answers; without a spec, NOERROR with nothing in it. */
export const reply = (spec: ReplySpec = {}): ScriptedAction => ({
  kind: 'send',
  octets: (query) => replyMessage(query, spec),
});

/** Sends octets as they are. */
export const octets = (message: Uint8Array): ScriptedAction => ({ kind: 'send', octets: () => message });

/** Does something after a number of milliseconds, or when a promise that the test holds is resolved. */
export const later = (when: number | Promise<unknown>, action: ScriptedAction): ScriptedAction => ({
  kind: 'later',
  when,
  action,
});

/** One after the other: forgeries in front of the answer, an answer twice, an answer and the end of the connection. */
export const several = (...actions: ScriptedAction[]): ScriptedAction => ({ kind: 'several', actions });

/** Says nothing. */
export const drop = (): ScriptedAction => ({ kind: 'drop' });
/** Ends the connection in good order; over UDP the same as `drop`. */
export const closeConnection = (): ScriptedAction => ({ kind: 'close' });
/** Ends the connection with RST; over UDP the same as `drop`. */
export const resetConnection = (): ScriptedAction => ({ kind: 'reset' });

/** The octets of a reply. @throws Error for a line or name that cannot be read. */
export function replyMessage(query: ReceivedQuery, spec: ReplySpec): Uint8Array {
  const name = spec.name ?? query.name;
  const builder = new MessageBuilder(flagsOf(query, spec));
  builder.question(
    nameFromText(name),
    known(typeCode, spec.type ?? query.type),
    known(classCode, spec.class ?? query.class),
  );
  addRecords(builder, SECTION_ANSWER, name, spec.answers);
  addRecords(builder, SECTION_AUTHORITY, name, spec.authority);
  addRecords(builder, SECTION_ADDITIONAL, name, spec.additional);
  const message = withOpt(builder.finish(), spec, query);
  writeId(message, spec.id === 'wrong' ? query.id ^ 0x5555 : (spec.id ?? query.id));
  if (spec.questionCount !== undefined) writeCount(message, SECTION_QUESTION, spec.questionCount);
  const answerCount = (spec.answers?.length ?? 0) + (spec.extraAnswerCount ?? 0);
  writeCount(message, SECTION_ANSWER, answerCount);
  return message.subarray(0, message.length - (spec.cutOctets ?? 0));
}

function flagsOf(query: ReceivedQuery, spec: ReplySpec): number {
  let flags =
    (query.flags & RD) | ((spec.opcode ?? 0) << 11) | (known(rcodeCode, spec.rcode ?? 'NOERROR') & 0xf);
  if (spec.response !== false) flags |= QR;
  if (spec.recursionAvailable !== false) flags |= RA;
  if (spec.authoritative === true) flags |= AA;
  if (spec.truncated === true) flags |= TC;
  if (spec.authenticData === true) flags |= AD;
  return flags;
}

function withOpt(message: Uint8Array, spec: ReplySpec, query: ReceivedQuery): Uint8Array {
  if (!(spec.opt ?? query.hasOpt)) return message.slice();
  const extended = new Uint8Array(message.length + OPT_OCTETS);
  extended.set(message);
  const rcode = known(rcodeCode, spec.rcode ?? 'NOERROR');
  writeOpt(extended, message.length, 1232, rcode, query.dnssecOk, undefined);
  writeCount(extended, SECTION_ADDITIONAL, (spec.additional?.length ?? 0) + 1);
  return extended;
}

function addRecords(
  builder: MessageBuilder,
  section: number,
  questionName: string,
  lines: readonly string[] = [],
): void {
  for (const line of lines) {
    const [owner, ttl, klass, type, ...fields] = line.split(/\s+/);
    const ownerName = nameFromText(owner === '@' ? questionName : owner);
    const rdata = rdataOf(type, fields);
    builder.record(section, ownerName, known(typeCode, type), known(classCode, klass), Number(ttl), rdata);
  }
}

/** RDATA from words, by the layout that the registry gives the type; what has no layout is written in hexadecimal. */
function rdataOf(type: string, words: readonly string[]): Uint8Array {
  const layout = recordType(known(typeCode, type))?.layout ?? '*';
  const fields: Uint8Array[] = [];
  let word = 0;
  for (const letter of layout) {
    const rest = letter === 'S' || letter === '*' ? words.slice(word) : [words[word] ?? ''];
    for (const text of rest) fields.push(fieldOf(letter, text));
    word += rest.length;
  }
  return Buffer.concat(fields);
}

function fieldOf(letter: string, text: string): Uint8Array {
  switch (letter) {
    case '4':
      if (!isIPv4(text)) throw new Error(`not an IPv4 address: ${text}`);
      return Uint8Array.from(text.split('.'), Number);
    case '6':
      return ipv6Octets(text);
    case 'n':
      return nameFromText(text);
    case 'b':
      return Uint8Array.of(Number(text));
    case 'h':
      return Uint8Array.of(Number(text) >>> 8, Number(text));
    case 'w': {
      const octets32 = Buffer.alloc(4);
      octets32.writeUInt32BE(Number(text));
      return octets32;
    }
    case 's':
    case 'S':
      return Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]);
    default:
      return Buffer.from(text, 'hex');
  }
}

function ipv6Octets(text: string): Uint8Array {
  const [left, right] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - (right?.length ?? 0) }, () => '0');
  const groups = [...left, ...(right === undefined ? [] : [...zeros, ...right])];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function known(lookUp: (name: string) => number | undefined, name: string): number {
  const code = lookUp(name);
  if (code === undefined) throw new Error(`no such type, class or rcode: ${name}`);
  return code;
}
