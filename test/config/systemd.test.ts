/** systemd understands the units, and their command lines are ones that the program has. What they start is started in `test/lab/units`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLAGS, variableOf } from '../../src/cli/flags.ts';
import { REPOSITORY_ROOT } from '../support/daemon.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { requireTools } from '../support/tools.ts';
import { partsOf, readManifest } from './manifest.ts';
import {
  CONFIGURED_AT,
  INSTALLED_AT,
  commandArguments,
  parseUnit,
  readEnvironment,
  readUnits,
  serviceValue,
} from './systemd-unit.ts';

const { available, reason } = requireTools('systemd-analyze');

/** Of 10, where 10 is a service that nothing confines; ours are at 2.9, 2.5 and 1.8. systemd asks for it in tenths. */
const MOST_EXPOSURE = 3.5;

const units = readUnits();

/** What systemd says of them, and its exit code. They are copies that look for the program where it is. */
function analyze(args: readonly string[], texts: Readonly<Record<string, string>>): [string, number | null] {
  const directory = tempDirectory();
  const files = Object.entries(texts).map(([file, text]) => {
    const path = join(directory, file);
    writeFileSync(path, text.replaceAll(INSTALLED_AT, REPOSITORY_ROOT));
    return path;
  });
  const { stdout, stderr, status } = spawnSync('systemd-analyze', [...args, ...files], { encoding: 'utf8' });
  return [(stdout + stderr).trim(), status];
}

describe.skipIf(!available)(`systemd and the units ${reason}`, () => {
  const texts = Object.fromEntries(units.map(({ file, text }) => [file, text]));

  it('are of one mind', () => {
    expect(analyze(['verify', '--man=no'], texts)).toEqual(['', 0]);
  });

  it.each([
    ['an unknown key', 'KillMode=mixed', 'KilMode=mixed', /Unknown key.*'KilMode'/],
    ['a program that is not there', '/.bin/node ', '/.bin/nod ', /not executable/],
    ['an unknown system call', '=@system-service', '=@sistem-service', /[Uu]nknown system call/],
  ])('would not be with %s', (_, text, wrong, told) => {
    const file = 'nodelocaldns.service';
    expect(texts[file]).toContain(text);
    const [said] = analyze(['verify', '--man=no'], { [file]: texts[file]?.replace(text, wrong) ?? '' });
    expect(said).toMatch(told);
  });

  it.each(Object.keys(texts))('calls %s confined', (file) => {
    const threshold = `--threshold=${MOST_EXPOSURE * 10}`;
    const [said, code] = analyze(['security', '--offline=true', threshold], { [file]: texts[file] ?? '' });
    expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
  });

  it('would not call a service confined that has nothing to confine it', () => {
    const text = '[Service]\nExecStart=/bin/true\n';
    expect(analyze(['security', '--offline=true', '--threshold=35'], { 'bare.service': text })[1]).not.toBe(
      0,
    );
  });
});

describe('the units', () => {
  it.each(units)('$file starts a subcommand that there is', (unit) => {
    const subcommand = /-(\w+)\.service$/.exec(unit.file)?.[1] ?? 'run';
    expect(commandArguments(unit)).toEqual([subcommand]);
    expect(FLAGS.flatMap((flag): readonly string[] => flag.of)).toContain(subcommand);
  });

  it.each(units)('$file comes back whatever happens, for ever', (unit) => {
    expect(serviceValue(unit, 'Restart')).toBe('always');
    expect(unit.values('Unit', 'StartLimitIntervalSec')).toEqual(['0']);
  });

  it.each(units)('$file never runs beside its alternative', (unit) => {
    const single = unit.file === 'nodelocaldns.service';
    const others = single ? 'nodelocaldns-serve.service nodelocaldns-guard.service' : 'nodelocaldns.service';
    expect(unit.values('Unit', 'Conflicts')).toEqual([others]);
  });

  it('tell a guard alone of the stop: it disarms before the cache ends', () => {
    for (const unit of units.filter(({ file }) => file !== 'nodelocaldns-serve.service')) {
      expect(serviceValue(unit, 'KillMode')).toBe('mixed');
    }
  });

  it('keep code that is compiled at run time possible', () => {
    for (const unit of units) expect(unit.values('Service', 'MemoryDenyWriteExecute')).toEqual([]);
  });

  it('read one environment, in which every variable is a flag of theirs or stands in the Corefile', () => {
    for (const unit of units)
      expect(serviceValue(unit, 'EnvironmentFile')).toBe(`${CONFIGURED_AT}/environment`);
    const { corefile } = partsOf(readManifest());
    const known = (name: string): boolean =>
      FLAGS.some((flag) => variableOf(flag.name) === name) || corefile.includes(`{$${name}}`);
    expect(Object.keys(readEnvironment()).filter((name) => !known(name))).toEqual([]);
    expect(Object.keys(readEnvironment())).toHaveLength(3);
  });
});

it('reads units as systemd does: comments and sections apart', () => {
  const unit = parseUnit('x.service', '[Unit]\n# After=no\nAfter=a\n[Service]\nAfter=b\nAfter=c\n');
  expect([unit.values('Unit', 'After'), unit.values('Service', 'After')]).toEqual([['a'], ['b', 'c']]);
});
