/**
 * Every flag of every subcommand: one table. Single-dash long flags are taken as node-cache and CoreDNS take them (Go's `flag` package);
 * of a repeated flag the last counts; a flag that is not given may come from the environment as `NODELOCALDNS_<NAME>`.
 */
import type { Options } from 'yargs';
import { messageOf } from '../base/error-message.ts';

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
  {
    name: 'udp',
    type: 'string',
    default: 'auto',
    choices: ['auto', 'batch', 'dgram'],
    describe: 'how datagrams are read and sent: many with one system call, or one at a time',
    of: ['serve'],
  },
  {
    name: 'cache-memory',
    type: 'string',
    describe:
      'most memory that all caches together may take, such as 32Mi; without it a quarter of what the control group allows, from 8Mi to 64Mi',
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

/** The flags of one subcommand in yargs's form, with what the environment says of them as their default. */
export function optionsOf(subcommand: Subcommand, environment: NodeJS.ProcessEnv): Record<string, Options> {
  const rows = FLAGS.filter(({ of }) => of.includes(subcommand));
  return Object.fromEntries(rows.map((row) => [row.name, toYargs(row, environment)]));
}

function toYargs(flag: Flag, environment: NodeJS.ProcessEnv): Options {
  const { alias, type, describe, choices } = flag;
  const value = fromEnvironment(flag, environment) ?? flag.default;
  return { alias, type, describe, default: value, choices, requiresArg: type === 'string' };
}

/**
 * Only the names of the table are looked at: in a pod that stands beside a Service called `nodelocaldns`, Kubernetes sets variables with
 * our prefix that have nothing to do with us.
 */
function fromEnvironment({ name, type }: Flag, environment: NodeJS.ProcessEnv): string | boolean | undefined {
  const text = environment[`NODELOCALDNS_${name.toUpperCase().replaceAll(/[.-]/g, '_')}`];
  return type === 'boolean' && text !== undefined ? text === 'true' || text === '1' : text;
}

/** A flag has a value that it cannot have. */
export class FlagError extends Error {}

/** @throws FlagError with the flag's name when `read` throws */
export function readFlag<Value>(name: string, text: string, read: (text: string) => Value): Value {
  try {
    return read(text);
  } catch (error) {
    throw new FlagError(`--${name}: ${messageOf(error)}`, { cause: error });
  }
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
