import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { childPids } from '../support/child-pids.ts';

/** Takes the kernel some 50 ms to free. */
const MEMORY_OCTETS = 512 * 1024 * 1024;

/** Who looks all the time takes the processor from those that are to end. */
const LOOK_MS = 1;
const KILLS = 5;
/** A busy machine takes its time to fill and to free that memory. */
const TIMEOUT_MS = 60_000;

const PROGRAM = `
import { createSocket } from 'node:dgram';
import { endSocketsFirst } from ${JSON.stringify(new URL('../../src/cli/sockets-end-first.ts', import.meta.url).href)};
const can = process.argv[1] === 'without' || await endSocketsFirst();
globalThis.kept = Buffer.alloc(${MEMORY_OCTETS}, 1);
const socket = createSocket('udp4').bind(0, '127.0.0.1', () => console.log(can, socket.address().port));
setInterval(() => undefined, 1000);
`;

interface End {
  /** From the kill until the socket was gone, in milliseconds. */
  readonly toCloseMs: number;
  /** From then until the last that had its memory was. */
  readonly toGoneMs: number;
}

/** Kills a process with a socket and much memory. */
async function endOf(how: 'with' | 'without'): Promise<End> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [can, port] = line.split(' ');
  expect(can).toBe('true');
  const local = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `;
  const pids = [child.pid ?? 0, ...childPids(child.pid ?? 0)];
  const killed = performance.now();
  child.kill('SIGKILL');
  while (readFileSync('/proc/net/udp', 'latin1').includes(local)) await delay(LOOK_MS);
  const closed = performance.now();
  while (pids.flatMap(threads).some((state) => state !== 'Z' && state !== 'X')) await delay(LOOK_MS);
  return { toCloseMs: closed - killed, toGoneMs: performance.now() - closed };
}

function threads(pid: number): string[] {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).map((task) => {
      const text = readFileSync(`${tasks}/${task}/stat`, 'latin1');
      return text[text.lastIndexOf(')') + 2] ?? 'X';
    });
  } catch {
    return [];
  }
}

/** How many of some kills closed the sockets before the memory was freed. */
async function closedFirst(how: 'with' | 'without'): Promise<number> {
  let count = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const { toCloseMs, toGoneMs } = await endOf(how);
    if (toCloseMs < toGoneMs) count++;
  }
  return count;
}

// Not how long it takes, which is the machine's, but what comes first of two things.
describe('endSocketsFirst', { timeout: TIMEOUT_MS }, () => {
  it('has the sockets of a killed process closed before its memory is freed, whenever it is killed', async () => {
    expect(await closedFirst('with')).toBe(KILLS);
  });

  it('is needed for that: it never happens by itself', async () => {
    expect(await closedFirst('without')).toBe(0);
  });
});
