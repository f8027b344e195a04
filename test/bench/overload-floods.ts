/**
 * Pods that flood the server, as rows: each a program that runs until it is killed, from an address of its own, and prints what it does.
 * What becomes of others meanwhile is measured by `overload-bench.ts`. Pure.
 */
import { join } from 'node:path';
import { OUTSIDE_ZONE } from './bench-zone.ts';
import { FLOOD_FRAME } from './floods.ts';

export interface OverloadFlood {
  readonly name: string;
  readonly describe: string;
  /** The program's source, beside this file, and what its executable is called. */
  readonly source: 'udp-flood.c' | 'tcp-flood.c';
  readonly program: string;
  args(port: number, directory: string): readonly string[];
}

/** The address of who floods. */
export const FLOODER = '127.0.0.66';

const udp = (
  row: Pick<OverloadFlood, 'name' | 'describe'>,
  rate: number,
  suffixes: readonly string[],
): OverloadFlood => ({
  ...row,
  source: 'udp-flood.c',
  program: 'udp-flood',
  args: (port) => [String(port), FLOODER, String(rate), ...suffixes],
});

const tcp = (
  row: Pick<OverloadFlood, 'name' | 'describe'>,
  connections: number,
  kinds: string,
): OverloadFlood => ({
  ...row,
  source: 'tcp-flood.c',
  program: 'tcp-flood',
  args: (port, directory) => [
    String(port),
    String(connections),
    kinds,
    join(directory, FLOOD_FRAME),
    FLOODER,
  ],
});

export const OVERLOAD_FLOODS: readonly OverloadFlood[] = [
  udp({ name: 'queries', describe: '100,000 queries/s for new names' }, 100_000, [OUTSIDE_ZONE]),
  udp({ name: 'names', describe: '20,000 queries/s for new names with a search list (ndots:5)' }, 20_000, [
    'ns-1.svc.cluster.local.',
    'svc.cluster.local.',
    'cluster.local.',
    OUTSIDE_ZONE,
  ]),
  tcp(
    { name: 'connections', describe: '10,000 TCP connections that say nothing, opened again and again' },
    10_000,
    'i',
  ),
  tcp(
    { name: 'reconnects', describe: '1,000 TCP connections, each opened for one query or for garbage' },
    1_000,
    'qg',
  ),
  tcp(
    { name: 'readers', describe: '1,000 TCP connections that ask without end and read nothing' },
    1_000,
    'r',
  ),
  tcp({ name: 'writers', describe: '1,000 TCP connections that write an octet at a time' }, 1_000, 'w'),
];

/** What a flood has done a second, by the first and the last line that it printed between two looks; empty without two lines. */
export function ratesOf(output: string): ReadonlyMap<string, number> {
  const lines = output
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        new Map(Array.from(line.matchAll(/([a-z]+) (\d+)/g), ([, what, count]) => [what, Number(count)])),
    );
  const [first, last] = [lines[0], lines.at(-1)];
  if (last === undefined || lines.length < 2) return new Map();
  const ms = (last.get('ms') ?? NaN) - (first.get('ms') ?? NaN);
  // Programs that do not say how long they have run print a line each second.
  const seconds = Number.isNaN(ms) ? lines.length - 1 : ms / 1_000;
  return new Map(
    Array.from(last, ([what, count]): [string, number] => [
      what,
      (count - (first.get(what) ?? 0)) / seconds,
    ]).filter(([what]) => what !== 'ms'),
  );
}
