/**
 * Reads what dig and kdig print: one message for each answer received. Both say the same things in slightly different words, and one
 * reader understands both. Nothing is asked here; `dig.ts` does.
 */

export interface DigMessage {
  /** Such as `NOERROR`; undefined when there was no answer. */
  readonly status: string | undefined;
  readonly id: number | undefined;
  /** Such as `qr`, `aa`, `tc`, in the order printed. */
  readonly flags: readonly string[];
  /** `name class type`. */
  readonly question: readonly string[];
  /** Records of the three sections as `name ttl class type rdata`, one space between fields. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** Undefined when the answer has no OPT record. */
  readonly edns: Edns | undefined;
  /** As dig measured it, in its precision: whole milliseconds for dig, tenths for kdig. */
  readonly timeMs: number | undefined;
  readonly sizeOctets: number | undefined;
  /** `UDP`, `TCP` or `TLS`. */
  readonly transport: string | undefined;
}

export interface Edns {
  readonly version: number;
  /** `do`, or nothing. */
  readonly flags: readonly string[];
  readonly udpSizeOctets: number;
  /** The Extended DNS Error (RFC 8914), if there is one. */
  readonly extendedError: { readonly code: number; readonly text: string } | undefined;
  /** The lines about other options, without the semicolons. */
  readonly options: readonly string[];
}

type Section = 'question' | 'answer' | 'authority' | 'additional' | 'opt' | 'none';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Draft extends Writable<Omit<DigMessage, 'question' | 'answer' | 'authority' | 'additional'>> {
  readonly question: string[];
  readonly answer: string[];
  readonly authority: string[];
  readonly additional: string[];
}

/** What stands for the answer when none came. */
export const NO_MESSAGE: DigMessage = emptyDraft();

const SECTIONS: Readonly<Record<string, Section>> = {
  QUESTION: 'question',
  ANSWER: 'answer',
  AUTHORITY: 'authority',
  ADDITIONAL: 'additional',
  'OPT PSEUDOSECTION': 'opt',
  'EDNS PSEUDOSECTION': 'opt',
};

const SECTION_LINE = /^;; (?:(QUESTION|ANSWER|AUTHORITY|ADDITIONAL) SECTION|((?:OPT|EDNS) PSEUDOSECTION)):/;
const HEADER_LINE = /->>HEADER<<-.*status: (\w+)[,;] id: (\d+)/;
const FLAGS_LINE = /^;; flags:([^;]*);/i;
const RECORD_LINE = /^([^\s;]\S*)\s+(\d+)\s+(\S+)\s+(\S+)\s*(.*)$/;
const QUESTION_LINE = /^;+\s*(\S+)\s+(\S+)\s+(\S+)$/;
const EDNS_LINE = /version: (\d+)[,;] flags:([^;]*); udp(?: size)?: (\d+)/i;
const EXTENDED_ERROR_LINE = /^;+ EDE: (\d+)(?: \([^)]*\))?(?:: (.*))?$/;
const SIZE_LINE = /^;; (?:MSG SIZE\s+rcvd:|Received) (\d+)/;
const DIG_TIME_LINE = /^;; Query time: (\d+) msec/;
const DIG_SERVER_LINE = /^;; SERVER: .*\((\w+)\)$/;
const KDIG_FROM_LINE = /^;; From \S+\((\w+)[^)]*\) in ([\d.]+) ms/;

/** The messages in a program's output, in order; empty when no answer came, or with `+short`. */
export function parseDigOutput(text: string): readonly DigMessage[] {
  const messages: Draft[] = [];
  let section: Section = 'none';
  for (const line of text.split('\n')) {
    const header = HEADER_LINE.exec(line);
    if (header !== null) {
      messages.push({ ...emptyDraft(), status: header[1], id: Number(header[2]) });
      section = 'none';
      continue;
    }
    const message = messages.at(-1);
    if (message === undefined) continue;
    const opened = SECTION_LINE.exec(line);
    if (opened !== null) section = SECTIONS[opened[1] ?? opened[2] ?? ''] ?? 'none';
    else if (line.trim() === '') section = 'none';
    else if (section === 'none') readAround(message, line);
    else readWithin(message, section, line);
  }
  return messages;
}

/** A line of a section. */
function readWithin(message: Draft, section: Exclude<Section, 'none'>, line: string): void {
  if (section === 'opt') {
    readOpt(message, line);
    return;
  }
  const fields = (section === 'question' ? QUESTION_LINE : RECORD_LINE).exec(line);
  if (fields !== null) message[section].push(fields.slice(1).join(' ').trimEnd());
}

function readOpt(message: Draft, line: string): void {
  const opened = EDNS_LINE.exec(line);
  if (opened !== null) {
    const [, version, flags = '', size] = opened;
    message.edns = {
      version: Number(version),
      flags: words(flags),
      udpSizeOctets: Number(size),
      extendedError: undefined,
      options: [],
    };
    return;
  }
  if (message.edns === undefined) return;
  const error = EXTENDED_ERROR_LINE.exec(line);
  if (error !== null) {
    message.edns = {
      ...message.edns,
      extendedError: { code: Number(error[1]), text: unwrap(error[2] ?? '') },
    };
  } else {
    message.edns = { ...message.edns, options: [...message.edns.options, line.replace(/^;+ /, '')] };
  }
}

/** A line between sections: the flags above them, figures below. */
function readAround(message: Draft, line: string): void {
  const flags = FLAGS_LINE.exec(line);
  if (flags !== null) message.flags = words(flags[1] ?? '');
  const size = SIZE_LINE.exec(line);
  if (size !== null) message.sizeOctets = Number(size[1]);
  const time = DIG_TIME_LINE.exec(line);
  if (time !== null) message.timeMs = Number(time[1]);
  const server = DIG_SERVER_LINE.exec(line);
  if (server !== null) message.transport = server[1];
  const from = KDIG_FROM_LINE.exec(line);
  if (from !== null) {
    message.transport = from[1];
    message.timeMs = Number(from[2]);
  }
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** dig puts the extra text of an error in parentheses, kdig in quotes. */
const unwrap = (text: string): string => text.replace(/^[('"](.*)[)'"]$/, '$1');

function emptyDraft(): Draft {
  return {
    status: undefined,
    id: undefined,
    flags: [],
    question: [],
    answer: [],
    authority: [],
    additional: [],
    edns: undefined,
    timeMs: undefined,
    sizeOctets: undefined,
    transport: undefined,
  };
}
