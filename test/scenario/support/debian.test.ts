import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from '../../support/child.ts';

const DEBIAN = join(import.meta.dirname, '..', '..', 'support', 'debian.ts');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-debian-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that installs from a Debian whose apt is interrupted with its caller, as by Ctrl-C, and then ends with this code. */
const program = (policyFile: string, aptCode: number): string => `
  import { existsSync } from 'node:fs';
  import { installTools } from ${JSON.stringify(DEBIAN)};
  const policyFile = ${JSON.stringify(policyFile)};
  await installTools([{ tool: 'serverd', package: 'serving', purpose: 'are answered' }], {
    policyFile,
    say: console.log,
    async run(command) {
      console.log('denied ' + existsSync(policyFile) + ': ' + command.slice(6).join(' '));
      const signalled = new Promise((resolve) => process.once('SIGINT', resolve));
      // As the real apt would, it keeps the process running until then.
      const running = setInterval(() => {}, 1_000);
      process.kill(process.pid, 'SIGINT');
      await signalled;
      clearInterval(running);
      return ${aptCode};
    },
  });
  console.log('installed');
`;

describe('an interrupted installation', () => {
  it.each([
    ['ends when apt is done, with the policy removed', 0],
    ['does not try again', 100],
  ])('%s', async (_name, aptCode) => {
    const policyFile = join(directory, 'policy-rc.d');
    const child = startChild({
      command: [process.execPath, '--input-type=module', '--eval', program(policyFile, aptCode)],
    });
    expect(await child.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(child.lines()).toEqual(['denied true: install --yes --no-install-recommends serving']);
    expect(existsSync(policyFile)).toBe(false);
  });
});
