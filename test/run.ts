/**
 * `npm test`: makes sure of the tools, runs vitest, and ends the output with one line of counts. In CI (`CI=true`) or with `--install`
 * it installs what is missing from Debian, and a tool that is still missing is a failure. Otherwise the tests that need it are left
 * out, and it says which and how to have them. All other arguments go to vitest. What the tests are is none of its business.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { byHand, installTools, whyNotInstallable } from './support/debian.ts';
import { parseRunArguments } from './support/run-arguments.ts';
import { countLine, countTests } from './support/test-counts.ts';
import type { TestCounts } from './support/test-counts.ts';
import { findTool, missingTools, toolsAreRequired } from './support/tools.ts';
import type { ToolRow } from './support/tools.ts';

const ROOT = join(import.meta.dirname, '..');
/** The first version that runs what `package.json` allows; older ones that can read this file at all would fail later, unclearly. */
const OLDEST_NODE_MAJOR = 24;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: vitest's, or 1 when it could not be started as it should */
async function main(args: readonly string[]): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
    const advice = 'run "npm ci" and then "npm test", which uses the Node that npm ci installs';
    return fail(`the tests need Node ${OLDEST_NODE_MAJOR} and this is ${process.version}; ${advice}`);
  }
  const { install, vitest } = parseRunArguments(args);
  const required = install || toolsAreRequired();
  if (required) {
    const problem = await bringTools(missingTools());
    if (problem !== undefined) return fail(problem);
  }
  const missing = missingTools();
  if (missing.length > 0) say(leftOut(missing));
  return runVitest(vitest, missing);
}

/** Installs what brings these tools. Gives what went wrong, or undefined. */
async function bringTools(rows: readonly ToolRow[]): Promise<string | undefined> {
  if (rows.length === 0) return undefined;
  const names = rows.map((row) => row.tool).join(', ');
  const obstacle = whyNotInstallable(findTool('apt-get'), process.getuid?.());
  if (obstacle !== undefined) {
    return `${names} cannot be installed: ${obstacle}. As root on Debian: ${byHand(rows)}`;
  }
  try {
    await installTools(rows);
  } catch (error) {
    return `${names} could not be installed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const still = missingTools();
  if (still.length === 0) return undefined;
  return `${still.map((row) => row.tool).join(', ')} is still missing after the installation`;
}

function leftOut(rows: readonly ToolRow[]): string {
  const lines = rows.map(
    (row) => `  tests that ${row.purpose}: no ${row.tool} (Debian package ${row.package})`,
  );
  return [
    'Left out on this machine:',
    ...lines,
    'To run them too, as root on Debian: npm test -- --install',
  ].join('\n');
}

async function runVitest(args: readonly string[], missing: readonly ToolRow[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-tests-'));
  const reportFile = join(directory, 'report.json');
  try {
    const code = await spawnVitest([
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...args,
    ]);
    conclude(code, readCounts(reportFile), missing);
    return code;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function spawnVitest(args: readonly string[]): Promise<number> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const command = [vitest, 'run', '--config', 'test/vitest.config.ts', ...args];
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: 'inherit' });
  // A terminal sends Ctrl-C to vitest as well; here it only must not end this process before the counts are out.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal])),
    );
  });
}

/** Undefined when vitest wrote no report: it crashed, or was asked for something else than tests, such as `--help`. */
function readCounts(reportFile: string): TestCounts | undefined {
  try {
    return countTests(readFileSync(reportFile, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Prints what a reader should see last. The exit code and the counts never contradict each other without a word. */
function conclude(code: number, counts: TestCounts | undefined, missing: readonly ToolRow[]): void {
  if (counts === undefined) {
    if (code === 0) return;
    say(`\nvitest ended with exit code ${code} and without a report; the run counts as one failure.`);
    say(countLine({ passed: 0, failed: 1, skipped: 0 }));
    return;
  }
  if (missing.length > 0 && counts.skipped > 0) {
    const files = counts.skippedIn.map((file) => `${relative(ROOT, file.path)} (${file.tests})`);
    say(`Skipped in: ${files.join(', ')}`);
    say(leftOut(missing));
  }
  if (code !== 0 && counts.failed === 0) {
    say(`No test failed, but vitest ended with exit code ${code}; its output above says why.`);
  }
  say(countLine(counts));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(message: string): number {
  process.stderr.write(`npm test: ${message}\n`);
  return 1;
}
