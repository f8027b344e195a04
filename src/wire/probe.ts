/**
 * The probe: the question by which the guard learns that a server of ours answers, and that it is the one it means. It is a contract between
 * versions: `probe.nodelocaldns. CH TXT`, answered NOERROR with one TXT record of strings `id=…`, `state=serving` or `state=draining`,
 * `v=1`, in any order; keys that a reader does not know are ignored. The class is one that no cluster DNS is asked in, so nothing behind us
 * can be mistaken for us. What an answer means is the guard's business; who gives it, `serve/presence.ts`'s.
 */
import { MessageBuilder } from './builder.ts';
import {
  HEADER_OCTETS,
  QR,
  SECTION_ANSWER,
  SECTION_QUESTION,
  TC,
  opcodeOf,
  rcodeOf,
  readCount,
  readFlags,
  readId,
  writeCount,
  writeId,
  writeUint16,
} from './header.ts';
import { MALFORMED, equalFolded, expandName, nameFromText } from './name.ts';
import { RECORD, RecordWalk, nameScratch } from './records.ts';
import { CLASS_CH, NOERROR, TYPE_TXT } from './registry.ts';
import { hasQuestion } from './same-question.ts';

/** The question's name, expanded and folded. */
export const PROBE_NAME: Uint8Array = nameFromText('probe.nodelocaldns.');

/** What tells one start of a server from all others. */
export const INSTANCE_PATTERN = /^[0-9A-Za-z-]{1,64}$/;

const VERSION = '1';

/** `draining`: it has been told to stop, and answers for a little while yet. */
export type ProbeState = 'serving' | 'draining';

export interface ProbeAnswer {
  /** Matches `INSTANCE_PATTERN`. */
  readonly instance: string;
  /** `other`: a state that this version does not know. */
  readonly state: ProbeState | 'other';
}

/** Whether this question, its name folded, is the probe. */
export function isProbe(name: Uint8Array, nameLength: number, type: number, klass: number): boolean {
  return (
    klass === CLASS_CH &&
    type === TYPE_TXT &&
    nameLength === PROBE_NAME.length &&
    equalFolded(name, 0, PROBE_NAME, 0, nameLength)
  );
}

/** The query, without OPT and without RD. @param id 0 … 65535 */
export function probeQuestion(id: number): Uint8Array {
  const end = HEADER_OCTETS + PROBE_NAME.length;
  const message = new Uint8Array(end + 4);
  writeId(message, id);
  writeCount(message, SECTION_QUESTION, 1);
  message.set(PROBE_NAME, HEADER_OCTETS);
  writeUint16(message, end, TYPE_TXT);
  writeUint16(message, end + 2, CLASS_CH);
  return message;
}

/** The answer with an id of 0 and a TTL of 0. @param instance matches `INSTANCE_PATTERN` */
export function probeAnswer(instance: string, state: ProbeState): Uint8Array {
  const strings = [`id=${instance}`, `state=${state}`, `v=${VERSION}`].map((text) =>
    Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1'),
  );
  return new MessageBuilder(QR)
    .question(PROBE_NAME, TYPE_TXT, CLASS_CH)
    .record(SECTION_ANSWER, PROBE_NAME, TYPE_TXT, CLASS_CH, 0, Buffer.concat(strings))
    .finish();
}

/**
 * Reads what came back for a probe.
 *
 * @param id of the query
 * @returns undefined for whatever is not an answer to it: another id or question, an rcode, not exactly one record, keys missing or twice
 */
export function readProbeAnswer(message: Uint8Array, length: number, id: number): ProbeAnswer | undefined {
  if (length < HEADER_OCTETS || readId(message) !== id || !isPlainAnswer(readFlags(message)))
    return undefined;
  if (!hasQuestion(message, length, PROBE_NAME, PROBE_NAME.length, TYPE_TXT, CLASS_CH)) return undefined;
  if (readCount(message, SECTION_ANSWER) !== 1) return undefined;
  const walk = new RecordWalk();
  walk.startAt(message, length, HEADER_OCTETS + PROBE_NAME.length + 4);
  if (walk.next() !== RECORD || !isProbeRecord(walk)) return undefined;
  const pairs = readPairs(message, walk.rdataOffset, walk.rdataOffset + walk.rdataLength);
  return pairs === undefined ? undefined : interpret(pairs);
}

function isPlainAnswer(flags: number): boolean {
  return (flags & QR) !== 0 && (flags & TC) === 0 && opcodeOf(flags) === 0 && rcodeOf(flags) === NOERROR;
}

function isProbeRecord(walk: RecordWalk): boolean {
  if (walk.type !== TYPE_TXT || walk.class !== CLASS_CH) return false;
  const owner = nameScratch();
  const octets = expandName(walk.message, walk.ownerOffset, walk.end, owner, 0);
  return octets !== MALFORMED && octets === PROBE_NAME.length && equalFolded(owner, 0, PROBE_NAME, 0, octets);
}

/** The strings as keys and values; undefined where they do not fill the RDATA, one has no key, or a key comes twice. */
function readPairs(message: Uint8Array, offset: number, end: number): Map<string, string> | undefined {
  const octets = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const pairs = new Map<string, string>();
  while (offset < end) {
    const stringEnd = offset + 1 + message[offset];
    if (stringEnd > end) return undefined;
    const text = octets.toString('latin1', offset + 1, stringEnd);
    const equals = text.indexOf('=');
    if (equals < 1 || pairs.has(text.slice(0, equals))) return undefined;
    pairs.set(text.slice(0, equals), text.slice(equals + 1));
    offset = stringEnd;
  }
  return pairs;
}

function interpret(pairs: ReadonlyMap<string, string>): ProbeAnswer | undefined {
  const instance = pairs.get('id');
  const state = pairs.get('state');
  if (instance === undefined || state === undefined || pairs.get('v') !== VERSION) return undefined;
  if (!INSTANCE_PATTERN.test(instance)) return undefined;
  return { instance, state: state === 'serving' || state === 'draining' ? state : 'other' };
}
