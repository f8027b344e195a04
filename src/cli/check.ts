/**
 * `check`: sets up each Corefile as `serve` would, opens nothing, and says what became of it, what is legal in it and wrong, and, when asked,
 * what it means. Warnings do not change the exit code: a pipeline that wants to stop for them reads them in the JSON.
 */
import { codeOf, messageOf } from '../base/error-message.ts';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { describe } from '../explain/describe.ts';
import { explain } from '../explain/explanation.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { Warning } from '../explain/warning.ts';
import { warningText } from '../explain/warning.ts';
import { warningsOf } from '../explain/warnings.ts';
import type { Log } from '../observe/log-types.ts';
import { MetricRegistry } from '../observe/metrics.ts';
import { hasVariables } from '../pillar/render.ts';
import { corefileSource, readCorefile, templateSource } from '../serve/corefile-source.ts';
import type { CorefileSource } from '../serve/corefile-source.ts';
import { Generation } from '../serve/generation.ts';
import { Presence } from '../serve/presence.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { ownAddresses } from './own-addresses.ts';
import { readVariableFlags } from './template-flags.ts';
import type { VariableFlags } from './template-flags.ts';

const EXIT_USAGE = 2;

/** Beside the form of the result, what a template's variables stand for. */
export interface CheckFlags extends VariableFlags {
  readonly json: boolean;
  readonly explain: boolean;
  readonly dnsPort: number;
  readonly localAddresses: readonly string[];
}

/** What was found in a Corefile; `setup` is a warning that a plugin gave, or the reading of the file. */
export interface Findings {
  readonly file: string;
  /** Why it does not load; undefined when it does. */
  readonly error: string | undefined;
  readonly warnings: readonly (Warning | { code: 'setup'; place: null; message: string })[];
  /** Undefined for one that does not load. */
  readonly explanation: Explanation | undefined;
}

/** @returns the exit code: 0 when all files load, 1 otherwise, 2 when there is none. */
export function check(files: readonly string[], flags: CheckFlags): number {
  if (files.length === 0) {
    process.stderr.write('expected at least one Corefile to check\n');
    return EXIT_USAGE;
  }
  // Whoever reads may have seen enough (`| head`).
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const own = ownAddresses(flags.localAddresses);
  let failed = false;
  for (const file of files) {
    const findings = examine(file, flags, own);
    failed ||= findings.error !== undefined;
    if (flags.json) process.stdout.write(`${asJson(findings, flags.explain)}\n`);
    else report(findings, flags.explain);
  }
  return failed ? 1 : 0;
}

/** Why this file would not load on any host, without flags beside the port; undefined when it would. Warnings go to stderr. */
export function whyNot(file: string, dnsPort: number): string | undefined {
  const flags = { json: false, explain: false, dnsPort, localAddresses: [], ...readVariableFlags({}) };
  const findings = examine(file, flags, []);
  for (const { message } of findings.warnings) process.stderr.write(`[WARNING] ${message}\n`);
  return findings.error;
}

/**
 * Opens and writes nothing.
 *
 * @param hostAddresses what is asked there comes back to this host
 */
export function examine(
  file: string,
  flags: Omit<CheckFlags, 'json' | 'explain'>,
  hostAddresses: readonly string[],
): Findings {
  const said: string[] = [];
  const warn = (message: string): void => void said.push(message);
  const findings = (rest: Pick<Findings, 'error' | 'explanation'>, found: readonly Warning[]): Findings => ({
    file,
    warnings: [...said.map((message) => ({ code: 'setup', place: null, message }) as const), ...found],
    ...rest,
  });
  try {
    const sources = readCorefile(sourceOf(file, flags, warn), warn);
    const explanation = explain(sources, setUp(sources, flags, warn));
    const warnings = warningsOf(explanation, hostAddresses);
    return findings({ error: undefined, explanation }, warnings);
  } catch (error) {
    return findings({ error: messageOf(error), explanation: undefined }, []);
  }
}

function setUp(
  sources: readonly ServerBlock[],
  { dnsPort, localAddresses }: Pick<CheckFlags, 'dnsPort' | 'localAddresses'>,
  warn: (message: string) => void,
): Generation {
  return new Generation(sources, {
    clock: SYSTEM_CLOCK,
    log: warningsOnly(warn, ''),
    metrics: new MetricRegistry(),
    servers: new ServerRegistry(),
    shared: new Map(),
    cacheOctets: 0,
    defaultPort: dnsPort,
    ...(localAddresses.length > 0 && { defaultAddresses: localAddresses }),
    lenient: false,
    opensPages: false,
    alsoNotReady: () => [],
    presence: new Presence('check'),
    metricsPage: () => Promise.reject(new Error('nothing is served here')),
  });
}

/** A file with variables is a template; nothing is written. */
function sourceOf(
  file: string,
  flags: Omit<CheckFlags, 'json' | 'explain'>,
  warn: (message: string) => void,
): CorefileSource {
  const source = corefileSource(file);
  const text = source.text();
  if (!hasVariables(text)) return source;
  const settings = { ...flags, baseCorefile: file, output: undefined };
  return templateSource(settings, warningsOnly(warn, ''), new MetricRegistry());
}

function asJson({ file, error, warnings, explanation }: Findings, explains: boolean): string {
  return JSON.stringify({
    file,
    ok: error === undefined,
    error: error ?? null,
    warnings,
    ...(explains && { explanation: explanation ?? null }),
  });
}

/** What is wrong goes to stderr, what is well and what it means to stdout. */
function report({ file, error, warnings, explanation }: Findings, explains: boolean): void {
  for (const warning of warnings) {
    process.stderr.write(`[WARNING] ${placed(warning, file)}\n`);
  }
  if (explanation === undefined) {
    process.stderr.write(`${error}\n`);
    return;
  }
  process.stdout.write(`${file}: ok\n`);
  if (!explains) return;
  for (const line of ['', ...describe(explanation)]) process.stdout.write(`${line}\n`);
}

/** Some plugins say the place themselves. */
function placed(warning: Findings['warnings'][number], file: string): string {
  if (warning.place !== null) return warningText(warning);
  return warning.message.includes(`${file}:`) ? warning.message : `${file}: ${warning.message}`;
}

/** @throws any other error */
function ignoreClosedPipe(error: Error): void {
  if (codeOf(error) !== 'EPIPE') throw error;
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
