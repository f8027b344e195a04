/** What hits are measured beside: floods as rows, each a program that runs until it is killed, and the files that it needs. Pure. */
import { join } from 'node:path';
import { askMessage } from '../../src/wire/ask-message.ts';
import { frame } from '../../src/wire/frames.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';
import { SILENT_ZONE } from './bench-zone.ts';
import { dnsperfCommand } from './dnsperf.ts';
import { HITS, MISSES } from './loads.ts';
import type { Question } from './loads.ts';

export interface Flood {
  readonly name: 'misses' | 'silence' | 'tcp';
  readonly describe: string;
  /** What dnsperf asks, where it makes the flood: names that are in no cache. */
  readonly questions?: (round: number) => Generator<Question>;
  /** Floods the server at this port of 127.0.0.1 with what lies in `directory`. */
  command(port: number, directory: string): readonly string[];
}

export const FLOOD_QUERIES = 'flood.txt';
export const FLOOD_PROGRAM = 'tcp-flood';
/** A query of the hits in the form that goes over TCP. */
export const FLOOD_FRAME = 'flood.frame';

/** Whoever floods is another pod than those that ask for hits, and has an address of its own. */
const FLOODER = '127.0.0.2';
const CONNECTIONS = 1_000;
const OUTSTANDING = 1_000;
/** Longer than any round. */
const SECONDS = 60;

const dnsperfFlood = (port: number, directory: string): readonly string[] =>
  dnsperfCommand({
    port,
    queryFile: join(directory, FLOOD_QUERIES),
    tcp: false,
    seconds: SECONDS,
    once: false,
    outstanding: OUTSTANDING,
    from: FLOODER,
  });

export const FLOODS: readonly Flood[] = [
  {
    name: 'misses',
    describe: 'unique names, 1,000 outstanding, from an upstream that answers at once',
    questions: (round) => MISSES.queries(round),
    command: dnsperfFlood,
  },
  {
    name: 'silence',
    describe: 'unique names, 1,000 outstanding, from an upstream that never answers',
    *questions(round) {
      for (let index = 0; ; index++)
        yield { name: `r${round}-${index.toString(36)}.${SILENT_ZONE}`, type: 'A' };
    },
    command: dnsperfFlood,
  },
  {
    name: 'tcp',
    describe: '1,000 TCP connections opened again and again: one query each, garbage, half a query, nothing',
    command: (port, directory) => [
      join(directory, FLOOD_PROGRAM),
      String(port),
      String(CONNECTIONS),
      'qghi',
      join(directory, FLOOD_FRAME),
      FLOODER,
    ],
  },
];

export function floodFrame(): Uint8Array {
  const question = { name: nameFromText(HITS.questions[0].name), type: TYPE_A, class: CLASS_IN };
  return frame(
    askMessage(question, { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true }),
  );
}
