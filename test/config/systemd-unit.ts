/** The units of `systemd/` as data: what stands in which section, and what their command lines and confinement are. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../support/daemon.ts';

export const SYSTEMD_DIRECTORY = join(REPOSITORY_ROOT, 'systemd');
/** Where the units expect the program, and its files. */
export const INSTALLED_AT = '/opt/nodelocaldns';
export const CONFIGURED_AT = '/etc/nodelocaldns';

export interface SystemdUnit {
  readonly file: string;
  readonly text: string;
  /** All values of a key of a section, in their order; an empty one takes back those before it. */
  values(section: string, key: string): readonly string[];
}

export const readUnits = (): readonly SystemdUnit[] =>
  readdirSync(SYSTEMD_DIRECTORY)
    .filter((file) => file.endsWith('.service'))
    .map((file) => parseUnit(file, readFileSync(join(SYSTEMD_DIRECTORY, file), 'utf8')));

export function parseUnit(file: string, text: string): SystemdUnit {
  const entries: { section: string; key: string; value: string }[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) entries.push({ section, key, value });
  }
  const values = (wantedSection: string, wantedKey: string): readonly string[] =>
    entries
      .filter((entry) => entry.section === wantedSection && entry.key === wantedKey)
      .map(({ value }) => value);
  return { file, text, values };
}

/** The one value of a key of `[Service]`. @throws Error where there is none, or several */
export function serviceValue(unit: SystemdUnit, key: string): string {
  const [value, ...more] = unit.values('Service', key);
  if (value === undefined || more.length > 0) throw new Error(`${unit.file}: not exactly one ${key}`);
  return value;
}

/** The arguments behind the program's own file in `ExecStart`. */
export function commandArguments(unit: SystemdUnit): readonly string[] {
  const [program, entry, ...args] = serviceValue(unit, 'ExecStart').split(' ');
  const expected = `${INSTALLED_AT}/node_modules/.bin/node ${INSTALLED_AT}/dist/main.js`;
  if (`${program} ${entry}` !== expected) throw new Error(`${unit.file}: ExecStart is not ${expected} …`);
  return args;
}

/** `environment` as the units read it: variables by name. */
export const readEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readFileSync(join(SYSTEMD_DIRECTORY, 'environment'), 'utf8')
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
