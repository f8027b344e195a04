/**
 * Installs Debian packages for tests without changing what runs on the machine: no service is started while dpkg works, and those
 * that a package would start at the next boot are switched off, so that no DNS server takes port 53 of somebody's computer. Whether to
 * install at all is decided in `test/run.ts`; which packages, in `tools.ts`.
 */
import { spawn } from 'node:child_process';
import { chmod, readFile, unlink, writeFile } from 'node:fs/promises';
import type { ToolRow } from './tools.ts';

export interface Debian {
  /** Runs a command to its end and gives its exit code. */
  run(command: readonly string[]): Promise<number>;
  /** Tells whoever watches what happens next. */
  say(line: string): void;
  /** The script that dpkg's helpers ask before they start a service (policy-rc.d, invoke-rc.d(8)). */
  readonly policyFile: string;
}

export const THIS_DEBIAN: Debian = {
  run: runCommand,
  say: (line) => void process.stdout.write(`${line}\n`),
  policyFile: '/usr/sbin/policy-rc.d',
};

/** apt's options here: wait for somebody else's apt for two minutes, and try a download three times. */
const APT_GET = ['apt-get', '--quiet', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'] as const;

export const UPDATE_COMMAND: readonly string[] = [...APT_GET, 'update'];

/** Asks for the packages and what they depend on, nothing that they only recommend. */
export const installCommand = (packages: readonly string[]): readonly string[] => [
  ...APT_GET,
  'install',
  '--yes',
  '--no-install-recommends',
  ...packages,
];

/** Keeps a service from starting at boot, under systemd and sysvinit alike. */
export const disableCommand = (service: string): readonly string[] => ['update-rc.d', service, 'disable'];

/** The packages of these rows, each once. */
export const packagesOf = (rows: readonly ToolRow[]): readonly string[] => [
  ...new Set(rows.map((row) => row.package)),
];

/**
 * Installs what brings the tools of `rows`. Only root may. The package lists are fetched when the first try fails: that happens where
 * they are absent, as in a fresh container, or so old that the mirror has dropped what they name.
 *
 * @throws {Error} when apt or dpkg fails
 */
export async function installTools(rows: readonly ToolRow[], debian: Debian = THIS_DEBIAN): Promise<void> {
  const install = installCommand(packagesOf(rows));
  await deferringSignals(async (isInterrupted) => {
    await denyingServices(debian.policyFile, async () => {
      if ((await debian.run(install)) === 0) return;
      if (isInterrupted()) throw new Error('interrupted');
      debian.say('Trying again with fresh package lists.');
      await runInTurn([UPDATE_COMMAND, install], debian);
    });
    await runInTurn(rows.flatMap((row) => row.service ?? []).map(disableCommand), debian);
  });
}

/** Why the tools cannot be installed here, or undefined when they can. */
export function whyNotInstallable(aptGet: string | undefined, uid: number | undefined): string | undefined {
  if (aptGet === undefined) return 'there is no apt-get on this machine';
  if (uid !== 0) return 'only root may install packages';
  return undefined;
}

/** What to type to get the missing tools where `--install` cannot. */
export const byHand = (rows: readonly ToolRow[]): string =>
  `apt-get install --no-install-recommends ${packagesOf(rows).join(' ')}`;

/** Opens the policy file that is ours, so that one left behind by a killed run is known again. */
const POLICY_MARK = '# nodelocaldns tests:';
const POLICY = `#!/bin/sh
${POLICY_MARK} no service starts while their tools are installed. Safe to delete.
exit 101
`;

/** Does the work while a policy forbids service starts. A policy that somebody else has put there stays as it is. */
async function denyingServices(policyFile: string, work: () => Promise<void>): Promise<void> {
  const ours = await placePolicy(policyFile);
  try {
    await work();
  } finally {
    if (ours) await unlink(policyFile);
  }
}

/** Whether the policy file that stands there now is ours. */
async function placePolicy(policyFile: string): Promise<boolean> {
  try {
    await writeFile(policyFile, POLICY, { flag: 'wx' });
  } catch (error) {
    if (!isExisting(error)) throw error;
    return (await readFile(policyFile, 'utf8')).includes(POLICY_MARK);
  }
  await chmod(policyFile, 0o755);
  return true;
}

const isExisting = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** Lets the work end, policy file removed and dpkg in order, before a signal to stop is obeyed. */
async function deferringSignals(work: (isInterrupted: () => boolean) => Promise<void>): Promise<void> {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const caught: NodeJS.Signals[] = [];
  const remember = (signal: NodeJS.Signals): void => void caught.push(signal);
  for (const signal of signals) process.on(signal, remember);
  try {
    await work(() => caught.length > 0);
  } finally {
    for (const signal of signals) process.off(signal, remember);
    const [first] = caught;
    if (first !== undefined) process.kill(process.pid, first);
  }
}

/** One after the other, up to the first that fails. */
async function runInTurn(commands: readonly (readonly string[])[], debian: Debian): Promise<void> {
  const [command, ...others] = commands;
  if (command === undefined) return;
  const code = await debian.run(command);
  if (code !== 0) throw new Error(`"${command.join(' ')}" ended with exit code ${code}`);
  await runInTurn(others, debian);
}

function runCommand(command: readonly string[]): Promise<number> {
  process.stdout.write(`\n$ ${command.join(' ')}\n`);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
