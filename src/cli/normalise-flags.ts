/** Command lines as Go programs take them, in the form that both of our readers take. Knows nothing of subcommands and of defaults. */
import { readFlag } from './flag-error.ts';
import { FLAGS } from './flags.ts';
import { parseGoBoolean } from './go-boolean.ts';

const SWITCHES: ReadonlySet<string> = new Set(
  FLAGS.filter(({ type }) => type === 'boolean').map(({ name }) => name),
);

/**
 * Gives single-dash long flags their second dash, and switches with a value one of the words `true` and `false`: `-conf x` and `-debug=T`
 * become `--conf x` and `--debug=true`. What follows `--`, single letters and negative numbers stay.
 *
 * @throws FlagError for a switch whose value is neither
 */
export function normaliseFlags(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => (end !== -1 && index >= end ? arg : normaliseSwitch(normaliseDash(arg))));
}

const normaliseDash = (arg: string): string => (/^-[A-Za-z][\w.-]/.test(arg) ? `-${arg}` : arg);

function normaliseSwitch(arg: string): string {
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
  if (name === undefined || value === undefined || !SWITCHES.has(name)) return arg;
  return `--${name}=${readFlag(name, value, parseGoBoolean)}`;
}
