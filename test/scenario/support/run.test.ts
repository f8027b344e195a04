import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';

/** A PATH on which neither apt-get nor the tools of ordinary users are. */
let nowhere: string;
beforeAll(() => {
  nowhere = mkdtempSync(join(tmpdir(), 'nodelocaldns-nowhere-'));
});
afterAll(() => rmSync(nowhere, { recursive: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

/** `npm test -- ARGS` as on a machine without tools. */
async function runTests(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Run> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('VITEST') && name !== 'CI',
  );
  const child = spawn(process.execPath, [join(REPOSITORY_ROOT, 'test', 'run.ts'), ...args], {
    env: { ...Object.fromEntries(inherited), PATH: nowhere, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout: stdout.trimEnd().split('\n'), stderr };
}

const ONE_FILE = 'support-tests/run-arguments.test.ts';

describe('npm test', () => {
  it('passes filters to vitest, and ends with the counts', async () => {
    const { code, stdout } = await runTests([ONE_FILE]);
    expect(stdout.at(-1)).toBe('4 passed, 0 failed, 0 skipped');
    expect(code).toBe(0);
  });

  it('says what it leaves out, and what would bring it', async () => {
    const { stdout } = await runTests([ONE_FILE]);
    expect(stdout).toContain(
      '  tests that ask the daemon as most people do: no dig (Debian package bind9-dnsutils)',
    );
    expect(stdout).toContain('To run them too, as root on Debian: npm test -- --install');
  });

  it('says in which files tests were skipped', async () => {
    const { stdout } = await runTests([ONE_FILE, '-t', 'only ours']);
    expect(stdout.at(-1)).toBe('1 passed, 0 failed, 3 skipped');
    expect(stdout).toContain('Skipped in: test/support-tests/run-arguments.test.ts (3)');
  });

  it("ends with vitest's exit code when vitest does not run", async () => {
    const { code, stdout } = await runTests(['--no-such-option']);
    expect(stdout.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(code).toBe(1);
  });

  it('fails when no test is meant', async () => {
    const { code, stdout } = await runTests(['no-such-file']);
    expect(stdout.at(-1)).toBe('0 passed, 0 failed, 0 skipped');
    expect(code).toBe(1);
  });

  it.each([
    ['in CI', [], { CI: 'true' }],
    ['with --install', ['--install'], {}],
  ])('%s fails when tools are missing and cannot be had', async (_name, args, env) => {
    const { code, stdout, stderr } = await runTests([...args, ONE_FILE], env);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be installed: there is no apt-get on this machine');
    expect(stderr).toContain('apt-get install --no-install-recommends bind9-dnsutils');
    expect(stdout).toEqual(['']);
  });
});
