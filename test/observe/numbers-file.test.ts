import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { MOST_NUMBERS_OCTETS, readNumbersFile } from '../../src/observe/numbers-file.ts';

const MAX_AGE_MS = 5_000;

/** Root may read every file, but for one that was started without the capabilities for it. */
const WITHOUT_PRIVILEGE = ['--bounding-set', '--inh-caps'].flatMap((set) => [
  set,
  '-dac_override,-dac_read_search',
]);
const AS_ROOT: readonly string[] | undefined =
  spawnSync('setpriv', [...WITHOUT_PRIVILEGE, 'true']).status === 0
    ? ['setpriv', ...WITHOUT_PRIVILEGE]
    : undefined;
/** What stands before the command of a process that may read no more than file modes say; undefined where there is no way. */
const ORDINARY = process.getuid?.() === 0 ? AS_ROOT : [];

/** How many families such a process reads from a file. */
function readOrdinarily(path: string): string {
  const url = new URL('../../src/observe/numbers-file.ts', import.meta.url).href;
  const program = `
    const { readNumbersFile } = await import(${JSON.stringify(url)});
    process.stdout.write(String((await readNumbersFile(${JSON.stringify(path)}, ${MAX_AGE_MS})).length));`;
  const [command, ...args] = [...(ORDINARY ?? []), process.execPath, '--input-type=module', '-e', program];
  return spawnSync(command, args, { encoding: 'utf8' }).stdout;
}

function fileWith(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-numbers-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'numbers.json');
  writeFileSync(path, text);
  return path;
}

const read = (text: string): ReturnType<typeof readNumbersFile> =>
  readNumbersFile(fileWith(text), MAX_AGE_MS);

const GAUGE = {
  type: 'gauge',
  name: 'a',
  help: 'h',
  labelNames: ['x'],
  samples: [{ labelValues: ['1'], value: 2 }],
};
const HISTOGRAM = {
  type: 'histogram',
  name: 'b',
  help: 'h',
  labelNames: [],
  bounds: [1, 2],
  samples: [{ labelValues: [], cumulative: [0, 1], count: 1, sum: 1.5 }],
};

it('gives what a registry has, unharmed', async () => {
  const metrics = new MetricRegistry();
  metrics.counter('c_total', 'help', ['x']).with('"\n').value = 7;
  metrics.histogram('d_seconds', 'help', [], [1, 2]).with().observe(1.5);
  const families = [...metrics.families()];
  expect(await read(JSON.stringify(families))).toEqual(families);
  expect(await read(JSON.stringify([GAUGE, HISTOGRAM]))).toHaveLength(2);
});

it('gives nothing for a file that is missing, or no file', async () => {
  expect(await readNumbersFile('/nonexistent/numbers', MAX_AGE_MS)).toEqual([]);
  expect(await readNumbersFile(tmpdir(), MAX_AGE_MS)).toEqual([]);
});

it.skipIf(ORDINARY === undefined)(
  'gives nothing for a file that it may not read (as root: needs setpriv of util-linux)',
  () => {
    const path = fileWith(JSON.stringify([GAUGE]));
    expect(readOrdinarily(path)).toBe('1');
    chmodSync(path, 0);
    expect(readOrdinarily(path)).toBe('0');
  },
);

it('gives nothing for a file that is too old', async () => {
  const path = fileWith(JSON.stringify([GAUGE]));
  const seconds = Date.now() / 1000;
  utimesSync(path, seconds, seconds - 4);
  expect(await readNumbersFile(path, MAX_AGE_MS)).toHaveLength(1);
  utimesSync(path, seconds, seconds - 6);
  expect(await readNumbersFile(path, MAX_AGE_MS)).toEqual([]);
});

it('gives nothing for a file that is too large', async () => {
  const text = JSON.stringify([GAUGE]);
  expect(await read(text + ' '.repeat(MOST_NUMBERS_OCTETS - text.length))).toHaveLength(1);
  expect(await read(text + ' '.repeat(MOST_NUMBERS_OCTETS - text.length + 1))).toEqual([]);
});

it.each<[string, unknown]>([
  ['no list', GAUGE],
  ['null', null],
  ['a list of anything', [1]],
  ['another type', [{ ...GAUGE, type: 'summary' }]],
  ['no name', [{ ...GAUGE, name: undefined }]],
  ['a name that writes lines of its own', [{ ...GAUGE, name: 'a 1\nb' }]],
  ['no help', [{ ...GAUGE, help: 1 }]],
  ['label names that are none', [{ ...GAUGE, labelNames: ['x y'] }]],
  ['samples that are no list', [{ ...GAUGE, samples: {} }]],
  ['fewer label values', [{ ...GAUGE, samples: [{ labelValues: [], value: 1 }] }]],
  ['label values that are no text', [{ ...GAUGE, samples: [{ labelValues: [1], value: 1 }] }]],
  ['a value that is no number', [{ ...GAUGE, samples: [{ labelValues: ['1'], value: null }] }]],
  ['a histogram without bounds', [{ ...HISTOGRAM, bounds: undefined }]],
  ['fewer buckets than bounds', [{ ...HISTOGRAM, bounds: [1, 2, 3] }]],
  ['a histogram of numbers', [{ ...HISTOGRAM, samples: [{ labelValues: [], value: 1 }] }]],
  ['one family that is none among others', [GAUGE, {}, HISTOGRAM]],
  ['more families than there are', Array.from({ length: 1_001 }, () => GAUGE)],
])('gives nothing for %s', async (_what, content) => {
  expect(await read(JSON.stringify(content))).toEqual([]);
});

it.each(['', '[', '[{"type":"gauge"', 'not json'])('gives nothing for %j', async (text) => {
  expect(await read(text)).toEqual([]);
});
