/**
 * Every flag of every subcommand: one table. Single-dash long flags are taken as node-cache and CoreDNS take them (Go's `flag` package);
 * of a repeated flag the last counts; a flag that is not given may come from the environment as `NODELOCALDNS_<NAME>`.
 */
import type { Options } from 'yargs';

export type Subcommand = 'serve' | 'check';

interface Flag {
  readonly name: string;
  readonly alias?: string;
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  readonly of: readonly Subcommand[];
}

export const FLAGS: readonly Flag[] = [
  {
    name: 'conf',
    type: 'string',
    describe:
      'Corefile to serve; "stdin" reads standard input; without it the example that comes with the package',
    of: ['serve'],
  },
  {
    name: 'dns.port',
    alias: 'p',
    type: 'string',
    default: '53',
    describe: 'port of server blocks that name none',
    of: ['serve', 'check'],
  },
  {
    name: 'log-format',
    type: 'string',
    default: 'text',
    choices: ['text', 'json'],
    describe: 'form of log lines: as CoreDNS writes them, or one JSON object each',
    of: ['serve'],
  },
  { name: 'debug', type: 'boolean', default: false, describe: 'write debug lines to the log', of: ['serve'] },
  {
    name: 'quiet',
    type: 'boolean',
    default: false,
    describe: 'do not say at start what listens where',
    of: ['serve'],
  },
  { name: 'pidfile', type: 'string', describe: 'file to write the process id to', of: ['serve'] },
  {
    name: 'grace',
    type: 'string',
    default: '5s',
    describe: 'how long answers that are due may take after the lameduck time is over',
    of: ['serve'],
  },
  {
    name: 'json',
    type: 'boolean',
    default: false,
    describe: 'one line of JSON for each file: {"file","ok","error"}',
    of: ['check'],
  },
];

/** The flags of one subcommand in yargs's form. */
export function optionsOf(subcommand: Subcommand): Record<string, Options> {
  const rows = FLAGS.filter(({ of }) => of.includes(subcommand));
  return Object.fromEntries(rows.map((row) => [row.name, toYargs(row)]));
}

function toYargs({ alias, type, describe, default: value, choices }: Flag): Options {
  return { alias, type, describe, default: value, choices, requiresArg: type === 'string' };
}

/**
 * Gives single-dash long flags their second dash: `-conf x` and `-dns.port=53` become `--conf x` and `--dns.port=53`. What follows `--`,
 * single letters and negative numbers stay.
 */
export function normaliseDashes(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    if (end !== -1 && index >= end) return arg;
    return /^-[A-Za-z][\w.-]/.test(arg) ? `-${arg}` : arg;
  });
}
