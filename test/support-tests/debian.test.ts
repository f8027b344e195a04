import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byHand,
  disableCommand,
  installCommand,
  installTools,
  packagesOf,
  UPDATE_COMMAND,
  whyNotInstallable,
} from '../support/debian.ts';
import type { Debian } from '../support/debian.ts';
import type { ToolRow } from '../support/tools.ts';

const ROWS: readonly ToolRow[] = [
  { tool: 'asker', package: 'asking', purpose: 'ask' },
  { tool: 'other-asker', package: 'asking', purpose: 'ask otherwise' },
  { tool: 'serverd', package: 'serving', service: 'server', purpose: 'are answered' },
];
const INSTALL = installCommand(['asking', 'serving']);
const DISABLE = disableCommand('server');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-debian-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs nothing: notes each command, and whether services were denied at that time, and ends them with these codes, then with 0. */
class FakeDebian implements Debian {
  readonly policyFile = join(directory, 'policy-rc.d');
  readonly ran: (readonly string[])[] = [];
  readonly denied: boolean[] = [];
  readonly said: string[] = [];
  readonly #codes: number[];

  constructor(...codes: number[]) {
    this.#codes = codes;
  }

  run(command: readonly string[]): Promise<number> {
    this.ran.push(command);
    this.denied.push(existsSync(this.policyFile));
    return Promise.resolve(this.#codes.shift() ?? 0);
  }

  say(line: string): void {
    this.said.push(line);
  }
}

describe('the commands', () => {
  it('name each package once', () => {
    expect(packagesOf(ROWS)).toEqual(['asking', 'serving']);
  });

  it('ask for the packages without what they recommend, and without questions', () => {
    const [program, ...args] = INSTALL;
    expect(program).toBe('apt-get');
    expect(args.slice(-5)).toEqual(['install', '--yes', '--no-install-recommends', 'asking', 'serving']);
  });

  it('are told to somebody who has to type them', () => {
    expect(byHand(ROWS)).toBe('apt-get install --no-install-recommends asking serving');
  });
});

describe('whether packages can be installed', () => {
  it.each([
    ['by root with apt-get', '/usr/bin/apt-get', 0, undefined],
    ['not by others', '/usr/bin/apt-get', 1000, 'only root may install packages'],
    ['not without apt-get', undefined, 0, 'there is no apt-get on this machine'],
    ['not on a system without users', '/usr/bin/apt-get', undefined, 'only root may install packages'],
  ])('%s', (_name, aptGet, uid, expected) => {
    expect(whyNotInstallable(aptGet, uid)).toBe(expected);
  });
});

describe('installing', () => {
  it('fetches no package lists when the ones at hand are enough', async () => {
    const debian = new FakeDebian();
    await installTools(ROWS, debian);
    expect(debian.ran).toEqual([INSTALL, DISABLE]);
  });

  it('fetches them after a first failure, and tries again', async () => {
    const debian = new FakeDebian(100);
    await installTools(ROWS, debian);
    expect(debian.ran).toEqual([INSTALL, UPDATE_COMMAND, INSTALL, DISABLE]);
    expect(debian.said).toEqual(['Trying again with fresh package lists.']);
  });

  it.each([
    ['the lists cannot be fetched', [100, 100], 'update" ended with exit code 100'],
    ['the second try fails too', [100, 0, 100], 'asking serving" ended with exit code 100'],
    ['a service cannot be switched off', [0, 1], '"update-rc.d server disable" ended with exit code 1'],
  ])('fails when %s', async (_name, codes, message) => {
    const debian = new FakeDebian(...codes);
    await expect(installTools(ROWS, debian)).rejects.toThrow(message);
    expect(existsSync(debian.policyFile)).toBe(false);
  });
});

describe('while installing', () => {
  it('services are denied by a policy that is gone afterwards', async () => {
    const debian = new FakeDebian(100);
    await installTools(ROWS, debian);
    expect(debian.denied).toEqual([true, true, true, false]);
    expect(existsSync(debian.policyFile)).toBe(false);
  });

  it('the policy is a script that exits 101', async () => {
    const debian = new FakeDebian();
    const seen: { text: string; mode: number }[] = [];
    await installTools(ROWS.slice(0, 1), {
      policyFile: debian.policyFile,
      say: () => undefined,
      run: () => {
        seen.push({
          text: readFileSync(debian.policyFile, 'utf8'),
          mode: statSync(debian.policyFile).mode & 0o777,
        });
        return Promise.resolve(0);
      },
    });
    expect(seen).toEqual([{ text: expect.stringMatching(/^#!\/bin\/sh\n[^]*\nexit 101\n$/), mode: 0o755 }]);
  });

  it('the policy goes also when a command cannot be started', async () => {
    const { policyFile } = new FakeDebian();
    const debian: Debian = {
      policyFile,
      say: () => undefined,
      run: () => Promise.reject(new Error('no such file')),
    };
    await expect(installTools(ROWS, debian)).rejects.toThrow('no such file');
    expect(existsSync(policyFile)).toBe(false);
  });

  it("somebody else's policy stays as it is", async () => {
    const debian = new FakeDebian();
    writeFileSync(debian.policyFile, '#!/bin/sh\nexit 0\n');
    await installTools(ROWS, debian);
    expect(readFileSync(debian.policyFile, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  });

  it('a policy that a killed run of ours left behind is used and removed', async () => {
    const debian = new FakeDebian();
    writeFileSync(debian.policyFile, '#!/bin/sh\n# nodelocaldns tests: left behind\nexit 101\n');
    await installTools(ROWS, debian);
    expect(debian.denied).toEqual([true, false]);
  });
});
