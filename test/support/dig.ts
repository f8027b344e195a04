/**
 * Asks as people do, with dig and kdig, and gives what they print as values. Suites that use these say so with `requireTools`.
 */
import { execFile } from 'node:child_process';
import { NO_MESSAGE, parseDigOutput } from './dig-output.ts';
import type { DigMessage } from './dig-output.ts';
import { toolPath } from './tools.ts';
import type { ToolName } from './tools.ts';

/** The first answer, and what stands around it. */
export interface DigResult extends DigMessage {
  /** One for each answer: several questions on one command line give several. */
  readonly messages: readonly DigMessage[];
  /** An answer with TC came over UDP, and the question was asked again over TCP. */
  readonly retriedOverTcp: boolean;
  /** Some question was given up, or waited for, without an answer. */
  readonly timedOut: boolean;
  /** dig: 0 with any answer, 9 without. kdig: 0 and 1. Null when it had to be killed. */
  readonly exitCode: number | null;
  /** All it printed, stderr behind stdout: for `+short`, and to show when a test fails. */
  readonly text: string;
}

const RUN_TIMEOUT_MS = 15_000;

/** Runs `dig` with these arguments, such as `['@127.0.0.1', '-p', '5353', 'example.org', 'A', '+tries=1']`. No ~/.digrc is read. */
export const dig = (args: readonly string[]): Promise<DigResult> => ask('dig', ['-r', ...args]);

/** Runs `kdig`, which also speaks DoT (`+tls`) and sends several questions over one connection (`+keepopen +tcp`). */
export const kdig = (args: readonly string[]): Promise<DigResult> => ask('kdig', args);

function ask(name: ToolName, args: readonly string[]): Promise<DigResult> {
  const path = toolPath(name);
  return new Promise((resolve) => {
    const child = execFile(path, [...args], { timeout: RUN_TIMEOUT_MS }, (_error, stdout, stderr) =>
      resolve(digResult(child.exitCode, stdout + stderr)),
    );
  });
}

export function digResult(exitCode: number | null, text: string): DigResult {
  const messages = parseDigOutput(text);
  return {
    ...(messages[0] ?? NO_MESSAGE),
    messages,
    retriedOverTcp: /Truncated, retrying in TCP|retrying over TCP/.test(text),
    timedOut: /timed out|response timeout/.test(text),
    exitCode,
    text,
  };
}
