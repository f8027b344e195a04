/** `serve`'s end as its parent sees it, with real processes. */
import { expect, it } from 'vitest';
import { startServe } from '../../src/guard/child-process.ts';
import { LIFE_LINE_VARIABLE } from '../../src/guard/life-line.ts';
import { holderPid } from '../support/child-pids.ts';
import { eventually } from '../support/eventually.ts';
import { tempDirectory } from '../support/temp-file.ts';
import { allGone } from '../support/workers.ts';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Takes the kernel some 50 ms to free. */
const MEMORY_OCTETS = 512 * 1024 * 1024;
const SOCKETS_END_FIRST = new URL('../../src/cli/sockets-end-first.ts', import.meta.url).href;

const program = (ready: string): string => `
import { writeFileSync } from 'node:fs';
import { endSocketsFirst } from ${JSON.stringify(SOCKETS_END_FIRST)};
const can = await endSocketsFirst();
globalThis.kept = Buffer.alloc(${MEMORY_OCTETS}, 1);
writeFileSync(${JSON.stringify(ready)}, JSON.stringify({ can, told: process.env.${LIFE_LINE_VARIABLE} ?? null }));
setInterval(() => undefined, 1000);
`;

function start(command: readonly string[]): ReturnType<typeof startServe> {
  const nowhere = openSync('/dev/null', 'w');
  try {
    return startServe({ command, env: process.env, spawnAs: undefined, stdout: nowhere });
  } finally {
    closeSync(nowhere);
  }
}

it('says of a killed child that it has no sockets, and that it has ended, and neither before', async () => {
  const ready = join(tempDirectory(), 'ready');
  const child = start([process.execPath, '--input-type=module', '-e', program(ready)]);
  const said: string[] = [];
  const both = Promise.all([
    child.closed.then(() => said.push('closed')),
    child.ended.then(({ how }) => said.push(how)),
  ]);
  await eventually(() => existsSync(ready) && readFileSync(ready, 'utf8') !== '');
  // Its own children have no such line.
  expect(JSON.parse(readFileSync(ready, 'utf8'))).toEqual({ can: true, told: null });
  expect(said).toEqual([]);
  child.signal('SIGKILL');
  await both;
  // Which comes first is for the threads to say that only sleep: until they have gone too it has not ended.
  expect(said.toSorted()).toEqual(['SIGKILL', 'closed']);
});

it('frees the memory of one that was frozen with all of its group, and killed', async () => {
  const ready = join(tempDirectory(), 'ready');
  const child = start([process.execPath, '--input-type=module', '-e', program(ready)]);
  await eventually(() => existsSync(ready) && readFileSync(ready, 'utf8') !== '');
  const pid = child.pid ?? 0;
  const holder = holderPid(pid);
  process.kill(-pid, 'SIGSTOP');
  child.signal('SIGKILL');
  await allGone([holder]);
});

it('says both of one that knows nothing of it', async () => {
  const child = start(['sh', '-c', 'exit 3']);
  await child.closed;
  expect(await child.ended).toMatchObject({ code: 3, how: 'exit code 3' });
});

it('says both of one that cannot be started', async () => {
  const child = start(['/nonexistent/program']);
  await child.closed;
  expect((await child.ended).how).toMatch(/could not be started: .*ENOENT/);
});
