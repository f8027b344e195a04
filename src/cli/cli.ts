/**
 * The command line: which subcommand, with which flags. Exit codes: 0 done, 1 could not do it, 2 was called wrongly. Each subcommand loads
 * what it needs when it is the one; yargs is loaded where there is something to say, or to read that `plain-flags.ts` does not.
 */
import { readFileSync } from 'node:fs';
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/error-message.ts';
import { parseLocalAddresses } from '../host/local-addresses.ts';
import type { UdpMode } from '../listen/udp.ts';
import { defaultCacheOctets, parseCacheMemory } from './cache-memory.ts';
import type { CheckFlags } from './check.ts';
import { withSubcommand } from './default-subcommand.ts';
import { endProcess } from './end-process.ts';
import { FlagError, readFlag } from './flag-error.ts';
import { isOn, textOf, textOrEmpty } from './flag-values.ts';
import type { Subcommands } from './full-command-line.ts';
import { readGuardFlags, readRunFlags } from './guard-flags.ts';
import { readPlainFlags } from './plain-flags.ts';
import type { FlagValues } from './plain-flags.ts';
import { parsePort } from './port.ts';
import { serveArguments } from './serve-arguments.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { SignalQueue } from './signals.ts';
import {
  corefileOf,
  flagsInVain,
  readTemplateFlags,
  readVariableFlags,
  withDefaultTemplate,
} from './template-flags.ts';
import { keepHeapCollected, keepMemoryTrimmed } from './trim-memory.ts';

const DAEMONS = ['run', 'guard', 'serve'] as const;

export async function main(args: readonly string[], signals: SignalQueue): Promise<void> {
  const words = withSubcommand(args);
  const subcommands = subcommandsOf(signals);
  if (await runPlain(words, subcommands)) return;
  const { runFullCommandLine } = await import('./full-command-line.ts');
  await runFullCommandLine(words, version(), subcommands);
}

function subcommandsOf(signals: SignalQueue): Subcommands {
  return {
    run: (values) => run(values, signals),
    guard: (values) => guard(values, signals),
    serve: (values) => serve(values, signals),
    check: (files, values) => check(files, checkFlags(values), signals),
  };
}

/** Runs a daemon whose flags need no word from yargs. @returns false when nothing was run */
async function runPlain([name, ...args]: readonly string[], subcommands: Subcommands): Promise<boolean> {
  const daemon = DAEMONS.find((known) => known === name);
  if (daemon === undefined) return false;
  try {
    const values = readPlainFlags(daemon, args, process.env);
    if (values === undefined) return false;
    await subcommands[daemon](values);
    return true;
  } catch (error) {
    // yargs reads it once more, and shows how it is done beside what is wrong.
    if (error instanceof FlagError) return false;
    throw error;
  }
}

async function run(given: FlagValues, signals: SignalQueue): Promise<void> {
  const values = withDefaultTemplate(given);
  const flags = readRunFlags(values, version());
  // What is wrong with an address is said once, by the guard.
  const { graceMs } = serveFlags({ ...values, localip: '' });
  if (flags.listPlugins) {
    const { PLUGINS } = await import('../plugins/index.ts');
    process.stdout.write(PLUGINS.map(({ name }) => `dns.${name}\n`).join(''));
    return;
  }
  const warning = flagsInVain(values);
  const warnings = warning === undefined ? [] : [warning];
  const { run: start } = await import('./run.ts');
  await start({ flags, serveArgs: serveArguments(values, process.env), graceMs, warnings }, signals);
  keepHeapCollected();
}

async function guard(values: FlagValues, signals: SignalQueue): Promise<void> {
  const flags = readGuardFlags(values, version());
  const { guard: start } = await import('./guard.ts');
  await start(flags, signals);
  keepHeapCollected();
}

async function serve(values: FlagValues, signals: SignalQueue): Promise<void> {
  const flags = serveFlags(values);
  const { serve: start } = await import('./serve.ts');
  await start(flags, signals);
  await keepMemoryTrimmed();
}

async function check(files: readonly string[], flags: CheckFlags, signals: SignalQueue): Promise<void> {
  leaveAtOnce(signals);
  const { check: look } = await import('./check.ts');
  process.exitCode = look(files, flags);
}

/** @throws FlagError */
const serveFlags = (values: FlagValues): ServeFlags => ({
  conf: corefileOf(values),
  template: readTemplateFlags(values),
  dnsPort: readFlag('dns.port', textOrEmpty(values, 'dns.port'), parsePort),
  localAddresses: localAddresses(textOrEmpty(values, 'localip')),
  logFormat: values['log-format'] === 'json' ? 'json' : 'text',
  udp: udpMode(values['udp']),
  cacheOctets: cacheOctets(textOf(values, 'cache-memory')),
  debug: isOn(values, 'debug'),
  quiet: isOn(values, 'quiet'),
  pidfile: textOf(values, 'pidfile'),
  graceMs: readFlag('grace', textOrEmpty(values, 'grace'), parseDuration),
  version: version(),
});

/** @throws FlagError; what is said of an address tells the flag already */
function localAddresses(text: string): readonly string[] {
  try {
    return text === '' ? [] : parseLocalAddresses(text);
  } catch (error) {
    throw new FlagError(messageOf(error), { cause: error });
  }
}

/** @throws FlagError */
const cacheOctets = (given: string | undefined): number =>
  given === undefined
    ? defaultCacheOctets(process.constrainedMemory())
    : readFlag('cache-memory', given, parseCacheMemory);

/** @throws FlagError */
const checkFlags = (values: FlagValues): CheckFlags => ({
  json: isOn(values, 'json'),
  explain: isOn(values, 'explain'),
  dnsPort: readFlag('dns.port', textOrEmpty(values, 'dns.port'), parsePort),
  localAddresses: localAddresses(textOrEmpty(values, 'localip')),
  ...readVariableFlags(values),
});

const udpMode = (value: unknown): UdpMode =>
  value === 'ring' || value === 'batch' || value === 'dgram' ? value : 'auto';

/** For subcommands that hold nothing that would have to be given back. */
function leaveAtOnce(signals: SignalQueue): void {
  signals.handle((signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGQUIT') endProcess(1);
  });
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
