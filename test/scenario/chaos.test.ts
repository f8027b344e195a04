/**
 * Five seconds of a chaos run (`npm run chaos`) of one seed, and what comes before and behind: no answer is wrong, what was known outlasts every
 * upstream, and the daemon is as idle as before.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../support/daemon.ts';

const STORY_MINUTES = 5 / 60;
const SEED = 1;
/** Recovery may take half a minute, where every upstream failed at the end. */
const RUN_MS = 90_000;

it(
  'finds nothing wrong in a short life with faults',
  async () => {
    const child = spawn(
      process.execPath,
      [
        'test/chaos/run.ts',
        '--minutes',
        String(STORY_MINUTES),
        '--seed',
        String(SEED),
        '--entry',
        'src/main.ts',
      ],
      { cwd: REPOSITORY_ROOT, stdio: ['ignore', 'pipe', 'inherit'], timeout: RUN_MS, killSignal: 'SIGKILL' },
    );
    const code = new Promise((resolve) => child.once('close', resolve));
    const said = await text(child.stdout);
    expect(await code, said).toBe(0);
    expect(said).toMatch(/^seed 1\n/);
    expect(said).toContain('nothing found');
  },
  RUN_MS,
);
