/**
 * The command line: which subcommand, with which flags. Exit codes: 0 done, 1 could not do it, 2 was called wrongly. Each subcommand loads
 * what it needs when it is the one; yargs is loaded where there is something to say, or to read that `plain-flags.ts` does not.
 */
import { readFileSync } from 'node:fs';
import { parseDuration } from '../base/duration.ts';
import type { UdpMode } from '../listen/udp.ts';
import { defaultCacheOctets, parseCacheMemory } from './cache-memory.ts';
import { FlagError, readFlag } from './flags.ts';
import type { CheckFlags } from './check.ts';
import { readPlainFlags } from './plain-flags.ts';
import type { FlagValues } from './plain-flags.ts';
import { parsePort } from './port.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { SignalQueue } from './signals.ts';
import { keepMemoryTrimmed } from './trim-memory.ts';

export async function main(args: readonly string[], signals: SignalQueue): Promise<void> {
  const plain = plainServe(args);
  if (plain !== undefined) {
    await serve(plain, signals);
    return;
  }
  const { runFullCommandLine } = await import('./full-command-line.ts');
  await runFullCommandLine(args, version(), {
    serve: (values) => serve(serveFlags(values), signals),
    check: (files, values) => check(files, checkFlags(values), signals),
  });
}

/** The flags of `serve` where nothing about them needs yargs. */
function plainServe([subcommand, ...args]: readonly string[]): ServeFlags | undefined {
  if (subcommand !== 'serve') return undefined;
  const values = readPlainFlags('serve', args, process.env);
  if (values === undefined) return undefined;
  try {
    return serveFlags(values);
  } catch (error) {
    if (error instanceof FlagError) return undefined;
    throw error;
  }
}

async function serve(flags: ServeFlags, signals: SignalQueue): Promise<void> {
  const { serve: start } = await import('./serve.ts');
  await start(flags, signals);
  await keepMemoryTrimmed();
}

async function check(files: readonly string[], flags: CheckFlags, signals: SignalQueue): Promise<void> {
  leaveAtOnce(signals);
  const { check: run } = await import('./check.ts');
  process.exitCode = run(files, flags);
}

/** @throws FlagError */
const serveFlags = (values: FlagValues): ServeFlags => ({
  conf: text(values['conf']),
  dnsPort: readFlag('dns.port', text(values['dns.port']) ?? '', parsePort),
  logFormat: values['log-format'] === 'json' ? 'json' : 'text',
  udp: udpMode(values['udp']),
  cacheOctets: cacheOctets(text(values['cache-memory'])),
  debug: values['debug'] === true,
  quiet: values['quiet'] === true,
  pidfile: text(values['pidfile']),
  graceMs: readFlag('grace', text(values['grace']) ?? '', parseDuration),
  version: version(),
});

/** @throws FlagError */
const cacheOctets = (given: string | undefined): number =>
  given === undefined
    ? defaultCacheOctets(process.constrainedMemory())
    : readFlag('cache-memory', given, parseCacheMemory);

/** @throws FlagError */
const checkFlags = (values: FlagValues): CheckFlags => ({
  json: values['json'] === true,
  dnsPort: readFlag('dns.port', text(values['dns.port']) ?? '', parsePort),
});

const udpMode = (value: unknown): UdpMode => (value === 'batch' || value === 'dgram' ? value : 'auto');

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** For subcommands that hold nothing that would have to be given back. */
function leaveAtOnce(signals: SignalQueue): void {
  signals.handle((signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGQUIT') process.exit(1);
  });
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
