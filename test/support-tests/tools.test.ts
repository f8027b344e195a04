import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TOOLS, findTool, requireTools, tool, toolPath } from '../support/tools.ts';

/** On the PATH of every user where it is installed at all, so that another PATH hides it. */
const HIDEABLE = 'dig';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-tools-'));
  vi.stubEnv('PATH', directory);
  vi.stubEnv('CI', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const install = (name: string, mode = 0o755): string => {
  const path = join(directory, name);
  writeFileSync(path, '', { mode });
  return path;
};

describe('the table of tools', () => {
  it('has each tool once', () => {
    const names = TOOLS.map((row) => row.tool);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe('finding a tool', () => {
  it('gives its path', () => {
    const path = install('some-tool');
    expect(findTool('some-tool')).toBe(path);
  });

  it('takes the first directory that has it', () => {
    const path = install('some-tool');
    mkdirSync(join(directory, 'later'));
    writeFileSync(join(directory, 'later', 'some-tool'), '', { mode: 0o755 });
    expect(findTool('some-tool', `:/nowhere:${directory}:${join(directory, 'later')}`)).toBe(path);
  });

  it('finds servers outside of the PATH of ordinary users', () => {
    expect(findTool('update-rc.d', '/nowhere') ?? findTool('ldconfig', '/nowhere')).toMatch(/\/sbin\//);
  });

  it('does not take a directory, or a file that cannot be run, for one', () => {
    mkdirSync(join(directory, 'some-directory'));
    install('some-text', 0o644);
    expect(findTool('some-directory')).toBeUndefined();
    expect(findTool('some-text')).toBeUndefined();
  });
});

describe('a tool that is here', () => {
  it('is available, without a reason', () => {
    const path = install(HIDEABLE);
    expect(tool(HIDEABLE)).toBe(path);
    expect(toolPath(HIDEABLE)).toBe(path);
    expect(requireTools(HIDEABLE)).toEqual({ available: true, reason: '' });
  });
});

describe('a missing tool', () => {
  it('is not available, and the reason says what would bring it', () => {
    expect(tool(HIDEABLE)).toBeUndefined();
    expect(requireTools(HIDEABLE)).toEqual({
      available: false,
      reason: '(missing dig from the Debian package bind9-dnsutils; npm test -- --install brings it)',
    });
  });

  it('is a failure in CI', () => {
    vi.stubEnv('CI', 'true');
    expect(() => tool(HIDEABLE)).toThrow('missing dig from the Debian package bind9-dnsutils');
    expect(() => requireTools(HIDEABLE)).toThrow('missing dig');
  });

  it('is a failure for a caller that cannot go on without it', () => {
    expect(() => toolPath(HIDEABLE)).toThrow('missing dig');
  });

  it('is named alone where others are here', () => {
    install('kdig');
    expect(requireTools('kdig', HIDEABLE).reason).toContain('(missing dig from');
  });
});
