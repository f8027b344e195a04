/** What users start is `dist/`, built from the sources: `npm start`, the image and the units. Everything else is tested unbuilt. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT, runCli, startDaemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { requireTools } from '../support/tools.ts';

const BUILT = join(REPOSITORY_ROOT, 'dist/main.js');
const BUILD_TIMEOUT_MS = 60_000;

beforeAll(() => {
  const tsc = join(REPOSITORY_ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'src/tsconfig.json'], { cwd: REPOSITORY_ROOT });
}, BUILD_TIMEOUT_MS);

describe.skipIf(!requireTools('dig').available)(`the built program${requireTools('dig').reason}`, () => {
  it('serves a Corefile', async () => {
    const port = await freePort();
    const corefile = `.:${port} {\n bind 127.0.0.1\n hosts {\n 192.0.2.1 built.test\n }\n}\n`;
    await startDaemon({ corefile, entry: BUILT });
    const { answer } = await dig(['@127.0.0.1', '-p', String(port), 'built.test', 'A']);
    expect(answer).toEqual(['built.test. 3600 IN A 192.0.2.1']);
  });

  it('finds the example that comes with it', async () => {
    const { code, stderr } = await runCli(['check', join(REPOSITORY_ROOT, 'config/Corefile')], {
      entry: BUILT,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

/** A Node on this machine that cannot run us, as Debian 12 has one. */
function oldNode(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return candidates.filter((path) => existsSync(path)).find((path) => majorOf(path) < 24);
}

function majorOf(path: string): number {
  return Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]);
}

const old = oldNode();

describe.skipIf(old === undefined)('a Node that is too old (there must be one on the PATH)', () => {
  it('is told what is needed, in one line and with exit code 1', () => {
    expect(() => execFileSync(old ?? '', [BUILT, '--version'], { encoding: 'utf8', stdio: 'pipe' })).toThrow(
      expect.objectContaining({
        status: 1,
        stderr: expect.stringMatching(/^nodelocaldns needs Node\.js 24 or newer, and this is \d+\.[^\n]*\n$/),
      }),
    );
  });
});
