/** `check`: sets up each Corefile as `serve` would, opens nothing, and says what became of it. */
import { messageOf } from '../base/error-message.ts';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import type { Log } from '../observe/log-types.ts';
import { MetricRegistry } from '../observe/metrics.ts';
import { hasVariables } from '../pillar/render.ts';
import { corefileSource, readCorefile, templateSource } from '../serve/corefile-source.ts';
import type { CorefileSource } from '../serve/corefile-source.ts';
import { Generation } from '../serve/generation.ts';
import { Presence } from '../serve/presence.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { readVariableFlags } from './template-flags.ts';
import type { VariableFlags } from './template-flags.ts';

const EXIT_USAGE = 2;

/** Beside the form of the result, what a template's variables stand for. */
export interface CheckFlags extends VariableFlags {
  readonly json: boolean;
  readonly dnsPort: number;
  readonly localAddresses: readonly string[];
}

/** @returns the exit code: 0 when all files load, 1 otherwise, 2 when there is none. */
export function check(files: readonly string[], flags: CheckFlags): number {
  if (files.length === 0) {
    process.stderr.write('expected at least one Corefile to check\n');
    return EXIT_USAGE;
  }
  let failed = false;
  for (const file of files) {
    const error = problemWith(file, flags);
    failed ||= error !== undefined;
    report(file, error, flags.json);
  }
  return failed ? 1 : 0;
}

/** Why this file would not load, without flags beside the port; undefined when it would. */
export const whyNot = (file: string, dnsPort: number): string | undefined =>
  problemWith(file, { json: false, dnsPort, localAddresses: [], ...readVariableFlags({}) });

function problemWith(file: string, flags: CheckFlags): string | undefined {
  const warn = (message: string): void => void process.stderr.write(`[WARNING] ${file}: ${message}\n`);
  try {
    const blocks = readCorefile(sourceOf(file, flags, warn), warn);
    void new Generation(blocks, {
      clock: SYSTEM_CLOCK,
      log: warningsOnly(warn, ''),
      metrics: new MetricRegistry(),
      servers: new ServerRegistry(),
      shared: new Map(),
      cacheOctets: 0,
      defaultPort: flags.dnsPort,
      ...(flags.localAddresses.length > 0 && { defaultAddresses: flags.localAddresses }),
      lenient: false,
      opensPages: false,
      alsoNotReady: () => [],
      presence: new Presence('check'),
      metricsPage: () => Promise.reject(new Error('nothing is served here')),
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A file with variables is a template; nothing is written. */
function sourceOf(file: string, flags: CheckFlags, warn: (message: string) => void): CorefileSource {
  const source = corefileSource(file);
  const text = source.text();
  if (!hasVariables(text)) return source;
  const settings = { ...flags, baseCorefile: file, output: undefined };
  return templateSource(settings, warningsOnly(warn, ''), new MetricRegistry());
}

function report(file: string, error: string | undefined, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ file, ok: error === undefined, error: error ?? null })}\n`);
  } else if (error === undefined) {
    process.stdout.write(`${file}: ok\n`);
  } else {
    process.stderr.write(`${error}\n`);
  }
}

const quiet = (): void => undefined;

function warningsOnly(warn: (message: string) => void, prefix: string): Log {
  return {
    debugEnabled: false,
    debug: quiet,
    info: quiet,
    line: quiet,
    warn: (message) => warn(prefix + message),
    error: (message) => warn(prefix + message),
    child: (name) => warningsOnly(warn, `${prefix}${name}: `),
  };
}
