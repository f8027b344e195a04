/**
 * Reads a command line that is beyond doubt by the table of flags alone, so that a daemon that was started rightly need not load yargs
 * (7 MB, 30 ms). It says nothing to the user: whatever could need a word, or could be read in two ways, is left to yargs, which reads it
 * from the beginning. What both read they read alike; a test holds them against each other.
 */
import { optionsOf } from './flags.ts';
import type { Subcommand } from './flags.ts';
import { normaliseFlags } from './normalise-flags.ts';

/** By the flag's name; undefined for one that was not given and has no default. */
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

/**
 * @returns undefined when this is not for us to read
 * @throws FlagError for a switch whose value is none
 */
export function readPlainFlags(
  subcommand: Subcommand,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): FlagValues | undefined {
  const options = optionsOf(subcommand, environment);
  const values = Object.fromEntries(Object.entries(options).map(([name, row]) => [name, defaultOf(row)]));
  const rest = normaliseFlags(args);
  for (let index = 0; index < rest.length; index++) {
    const [flag, inline] = split(rest[index]);
    const name = nameOf(flag, options);
    if (name === undefined) return undefined;
    if (options[name].type === 'boolean') {
      if (!isSwitchValue(inline)) return undefined;
      values[name] = inline !== 'false';
      continue;
    }
    const value = inline ?? rest[++index];
    if (!isPlain(value)) return undefined;
    values[name] = value;
  }
  return Object.entries(options).every(([name, row]) => isChoice(values[name], row)) ? values : undefined;
}

type Row = ReturnType<typeof optionsOf>[string];

const defaultOf = (row: Row): string | boolean | undefined =>
  typeof row.default === 'string' || typeof row.default === 'boolean' ? row.default : undefined;

function split(arg: string): [flag: string, value: string | undefined] {
  const equals = arg.indexOf('=');
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function nameOf(flag: string, options: Readonly<Record<string, Row>>): string | undefined {
  return Object.keys(options).find(
    (name) => flag === `--${name}` || flag === `-${String(options[name].alias)}`,
  );
}

/** Other values of a long name were refused before; a short one is no switch. */
const isSwitchValue = (value: string | undefined): boolean =>
  value === undefined || value === 'true' || value === 'false';

/** Not what might be the next flag, and nothing that yargs takes apart: it drops quotes around a value. */
const isPlain = (value: string | undefined): value is string =>
  value !== undefined && /^[^-"'\s]/.test(value);

const isChoice = (value: string | boolean | undefined, { choices }: Row): boolean =>
  choices === undefined || choices.some((choice) => choice === value);
