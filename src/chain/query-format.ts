/**
 * Text about a query with placeholders, as `log` and `dnstap` have it, compiled once into literals and functions. Placeholders and what they
 * show are CoreDNS's; a word in braces that is none of them stays as it is. Values are those of the answer before it is cut to the client's
 * size, since that happens behind every plugin.
 */
import { HEADER_OCTETS, opcodeOf } from '../wire/header.ts';
import { className, rcodeName, typeName } from '../wire/registry.ts';
import { DROP, REPLY } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Query } from './query.ts';

export const COMMON_FORMAT =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
export const COMBINED_FORMAT = `${COMMON_FORMAT} "{>opcode}"`;

/** What is shown where there is nothing to show. */
const EMPTY_VALUE = '-';
/** What a message over TCP may have. */
const TCP_PAYLOAD_OCTETS = 65_535;

/** One query and what became of it. `nowMs` is on the clock of `query.receivedMs`. */
type Field = (query: Query, outcome: Outcome, nowMs: number) => string;

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['{type}', (query) => typeName(query.type)],
  ['{name}', (query) => query.nameText],
  ['{class}', (query) => className(query.class)],
  ['{proto}', (query) => query.transport],
  ['{size}', (query) => String(query.length)],
  ['{remote}', (query) => bracketed(query.clientAddress)],
  ['{local}', (query) => bracketed(query.localAddress)],
  ['{port}', (query) => String(query.clientPort)],
  ['{>id}', (query) => String(query.id)],
  ['{>opcode}', (query) => String(opcodeOf(query.flags))],
  ['{>do}', (query) => String(query.dnssecOk)],
  ['{>bufsize}', (query) => String(query.transport === 'tcp' ? TCP_PAYLOAD_OCTETS : query.udpSize)],
  ['{rcode}', (_query, outcome) => rcodeText(outcome)],
  ['{>rflags}', replyFlags],
  ['{rsize}', (query, outcome) => String(replyOctets(query, outcome))],
  ['{duration}', (query, _outcome, nowMs) => secondsText(nowMs - query.receivedMs)],
]);

/** A compiled format: what it is made of, in order. */
export type Format = readonly (string | Field)[];

/** `{common}` and `{combined}` inside the text stand for those formats. Any text is a format. */
export function compileFormat(text: string): Format {
  const expanded = text.replaceAll('{common}', COMMON_FORMAT).replaceAll('{combined}', COMBINED_FORMAT);
  return expanded
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map(compilePart);
}

/** The line of one query, without a line end. */
export function formatLine(format: Format, query: Query, outcome: Outcome, nowMs: number): string {
  let line = '';
  for (const part of format) line += typeof part === 'string' ? part : part(query, outcome, nowMs);
  return line;
}

function compilePart(part: string): string | Field {
  // Metadata that other plugins publish; none of ours does.
  if (part.startsWith('{/')) return EMPTY_VALUE;
  return FIELDS.get(part) ?? part;
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const rcodeText = (outcome: Outcome): string =>
  outcome.kind === DROP ? EMPTY_VALUE : (rcodeName(outcome.rcode) ?? String(outcome.rcode));

/** The flags that the client gets; the server sets QR and RA in everything it sends. */
function replyFlags(query: Query, outcome: Outcome): string {
  if (outcome.kind === DROP) return EMPTY_VALUE;
  const reply = outcome.kind === REPLY ? outcome : undefined;
  let flags = 'qr';
  if (reply?.authoritative) flags += ',aa';
  if (reply?.truncated) flags += ',tc';
  if (query.recursionDesired) flags += ',rd';
  flags += ',ra';
  if (reply?.authenticData && query.wantsAuthenticData) flags += ',ad';
  if (query.checkingDisabled) flags += ',cd';
  return flags;
}

/** Without the OPT, which is not part of the answer; of a failure, what is left without records. */
function replyOctets(query: Query, outcome: Outcome): number {
  if (outcome.kind === DROP) return 0;
  return outcome.kind === REPLY ? outcome.length : HEADER_OCTETS + query.questionLength;
}

const NANOSECONDS_PER_SECOND = 1e9;

/** Seconds to the nanosecond, in as few digits as say it, never with an exponent. */
function secondsText(ms: number): string {
  const nanoseconds = Math.round(Math.max(ms, 0) * 1e6);
  const seconds = nanoseconds / NANOSECONDS_PER_SECOND;
  // Below a microsecond JavaScript would write an exponent.
  const text =
    nanoseconds > 0 && nanoseconds < 1000 ? seconds.toFixed(9).replace(/0+$/, '') : String(seconds);
  return `${text}s`;
}
