import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trustsCompileCache } from '../../src/cli/compile-cache-trust.ts';
import { tempDirectory } from '../support/temp-file.ts';

const isRoot = process.getuid?.() === 0;
const trusts = (directory: string): boolean => trustsCompileCache({ NODE_COMPILE_CACHE: directory });

/** As /tmp is. */
function sharedDirectory(): string {
  const path = tempDirectory();
  chmodSync(path, 0o1777);
  return path;
}

describe('a directory of compiled code is trusted', () => {
  it('when it was not there: it is made, for nobody else to write to', () => {
    const path = join(sharedDirectory(), 'cache');
    expect(trusts(path)).toBe(true);
    expect(statSync(path).mode & 0o022).toBe(0);
  });

  it('when it is our own', () => {
    const path = join(sharedDirectory(), 'cache');
    mkdirSync(path, { mode: 0o700 });
    expect(trusts(path)).toBe(true);
  });
});

describe('a directory of compiled code is not trusted', () => {
  it.skipIf(!isRoot)('when it is another user’s (needs root)', () => {
    const path = join(sharedDirectory(), 'cache');
    mkdirSync(path);
    chownSync(path, 65_532, 65_532);
    expect(trusts(path)).toBe(false);
  });

  it('when others may write to it', () => {
    const path = join(sharedDirectory(), 'cache');
    mkdirSync(path);
    chmodSync(path, 0o777);
    expect(trusts(path)).toBe(false);
  });

  it('when others may put another one in its place', () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o777);
    expect(trusts(join(parent, 'cache'))).toBe(false);
  });

  it('when it is a link to somewhere', () => {
    const parent = sharedDirectory();
    symlinkSync(tempDirectory(), join(parent, 'cache'));
    expect(trusts(join(parent, 'cache'))).toBe(false);
  });

  it('when it cannot be made', () => {
    expect(trusts('/proc/cache')).toBe(false);
  });
});
