/** Every Corefile that is shown or shipped loads, without a warning: readers copy them. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { whyNot } from '../../src/cli/check.ts';
import { REPOSITORY_ROOT } from '../support/daemon.ts';
import { tempDirectory, tempFile } from '../support/temp-file.ts';

interface Example {
  /** `FILE:LINE` of its fence. */
  readonly place: string;
  readonly text: string;
}

/** Fences of ```corefile. Others show something else: syntax, what the log says, commands. */
const FENCE = /^```corefile\n(.*?)^```$/gms;

function examplesOf(file: string): Example[] {
  const markdown = readFileSync(join(REPOSITORY_ROOT, file), 'utf8');
  return [...markdown.matchAll(FENCE)].map((match) => ({
    place: `${file}:${markdown.slice(0, match.index).split('\n').length}`,
    text: match[1],
  }));
}

/** Name servers of the machine that the tests run on are none of their business: some have none. */
function withOwnResolvConf(text: string): string {
  return text.replaceAll('/etc/resolv.conf', () => tempFile('nameserver 192.0.2.53\n', 'resolv.conf'));
}

/** Variables that an example names are the reader's. */
function setVariables(text: string): void {
  for (const [, variable] of text.matchAll(/\{\$(\w+)\}/g)) vi.stubEnv(variable, '192.0.2.53');
  onTestFinished(() => void vi.unstubAllEnvs());
}

function expectToLoad(text: string, name: string): void {
  setVariables(text);
  const warnings: string[] = [];
  const stderr = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((line) => warnings.push(String(line)) > 0);
  onTestFinished(() => stderr.mockRestore());
  expect({ error: whyNot(tempFile(withOwnResolvConf(text), name), 53), warnings }).toEqual({
    error: undefined,
    warnings: [],
  });
}

const inRepository = (pattern: string): string[] => globSync(pattern, { cwd: REPOSITORY_ROOT }).toSorted();
const documents = [...inRepository('README.md'), ...inRepository('src/plugins/*/README.md')];
const corefiles = inRepository('config/**/*').filter((file) => /^Corefile|\.corefile$/.test(basename(file)));

describe('every example', () => {
  it('is found', () => {
    expect(documents.flatMap(examplesOf).length).toBeGreaterThan(20);
    for (const document of inRepository('src/plugins/*/README.md')) {
      expect(examplesOf(document), document).not.toEqual([]);
    }
  });

  it.each(documents.flatMap(examplesOf))('loads: $place', ({ text }) => {
    expectToLoad(text, 'Corefile');
  });
});

describe('every file of config/', () => {
  it('is found', () => {
    expect(corefiles).toContain('config/Corefile');
  });

  it.each(corefiles)('loads: %s', (file) => {
    expectToLoad(readFileSync(join(REPOSITORY_ROOT, file), 'utf8'), basename(file));
  });
});

it('would tell of one that does not load', () => {
  const file = join(tempDirectory(), 'none');
  expect(whyNot(file, 53)).toBe(`loading Corefile: open ${file}: no such file or directory`);
  expect(whyNot(tempFile('. {\n  whoareyou\n}\n'), 53)).toMatch(/Corefile:2 - .*Unknown directive/);
});
