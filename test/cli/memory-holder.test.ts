/** The process that holds the memory of one that serves: what it has, when it ends, and containers that forbid it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { childPids, holderPid } from '../support/child-pids.ts';
import { eventually } from '../support/eventually.ts';
import { statusField } from '../support/status-field.ts';
import { allGone } from '../support/workers.ts';

/** System call numbers that differ between machines. */
const NUMBERS: Partial<Record<NodeJS.Architecture, Record<'clone' | 'setpriority', number>>> = {
  x64: { clone: 56, setpriority: 141 },
  arm64: { clone: 220, setpriority: 140 },
};
const numbers = NUMBERS[process.arch];
const CLOSE_RANGE = 436;

/** Begins, as under a container's seccomp profile that forbids some calls (EPERM), says what has come of it, and works until it is told to end. */
const PROGRAM = `
import { stat } from 'node:fs/promises';
import ffi from 'koffi';
import { endSocketsFirst } from ${JSON.stringify(new URL('../../src/cli/sockets-end-first.ts', import.meta.url).href)};
const forbidden = process.argv.slice(1).map(Number);
// Berkeley packet filter: load the number of the call; for each that is forbidden, return EPERM; allow all others.
const refusals = forbidden.flatMap((number) => [[0x15, 0, 1, number], [0x06, 0, 0, 0x00050001]]);
const steps = [[0x20, 0, 0, 0], ...refusals, [0x06, 0, 0, 0x7fff0000]];
const filter = Buffer.alloc(8 * steps.length);
steps.forEach(([code, yes, no, k], index) => {
  filter.writeUInt16LE(code, 8 * index);
  filter.set([yes, no], 8 * index + 2);
  filter.writeUInt32LE(k, 8 * index + 4);
});
const program = Buffer.alloc(16);
program.writeUInt16LE(steps.length, 0);
program.writeBigUInt64LE(BigInt(ffi.address(filter)), 8);
// Node's own threads first: one that is made with clone(2) is no part of this.
await stat('/');
const PR_SET_NO_NEW_PRIVS = 38, PR_SET_SECCOMP = 22, SECCOMP_MODE_FILTER = 2;
const library = ffi.load(null);
library.func('int prctl(int, ulong, ulong, ulong, ulong)')(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
const refused = library.func('int prctl(int, ulong, void *, ulong, ulong)')(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0);
if (refused !== 0) throw new Error('no filter of system calls here');
const can = await endSocketsFirst();
// Memory that the other process has as well, while it is collected, compiled and given back.
let sum = 0;
const work = setInterval(() => (sum += JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ i }))).length));
process.on('SIGUSR2', () => clearInterval(work));
console.log(can);
`;

interface Begun {
  readonly can: boolean;
  readonly process: ChildProcess;
  readonly pid: number;
}

async function begin(forbidden: readonly number[] = []): Promise<Begun> {
  const args = ['--input-type=module', '-e', PROGRAM, ...forbidden.map(String)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { can: line === 'true', process: child, pid: child.pid ?? 0 };
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** Proc_pid_stat(5), field 19. */
function niceOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

describe('a process that holds the memory of another', () => {
  it('has no more than one end of a pipe besides, hears no signal, and is less urgent', async () => {
    const { can, pid } = await begin();
    expect(can).toBe(true);
    const holder = holderPid(pid);
    expect(statusField(holder, 'Threads')).toBe('1');
    // It closes what it was born with when it first runs.
    await eventually(() => openFiles(holder).length === 1);
    expect(openFiles(holder)).toEqual([expect.stringMatching(/^pipe:/)]);
    // All of 64 but those that nobody can block, SIGKILL and SIGSTOP, and two that glibc keeps for itself.
    expect(statusField(holder, 'SigBlk')).toBe('fffffffe7ffbfeff');
    expect(niceOf(holder)).toBeGreaterThan(niceOf(pid));
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const)('does not end at %s', async (signal) => {
    const { pid } = await begin();
    const holder = holderPid(pid);
    process.kill(holder, signal);
    // It has arrived: it waits for ever.
    expect(BigInt(`0x${statusField(holder, 'ShdPnd')}`)).toBeGreaterThan(0n);
    expect(childPids(pid)).toEqual([holder]);
  });

  it.each([
    { what: 'is killed', signal: 'SIGKILL', code: null },
    { what: 'has nothing more to do', signal: 'SIGUSR2', code: 0 },
  ] as const)('ends with the other, which $what', async ({ signal, code }) => {
    const { process: child, pid } = await begin();
    const holder = holderPid(pid);
    const exit = once(child, 'exit');
    child.kill(signal);
    expect((await exit)[0]).toBe(code);
    await allGone([holder]);
  });

  it('may be killed itself, and the other goes on', async () => {
    const { process: child, pid } = await begin();
    const holder = holderPid(pid);
    process.kill(holder, 'SIGKILL');
    await allGone([holder]);
    const exit = once(child, 'exit');
    child.kill('SIGUSR2');
    expect(await exit).toEqual([0, null]);
  });

  it('is not made where descriptors cannot be parted', async () => {
    const { can, pid } = await begin([CLOSE_RANGE]);
    expect(can).toBe(false);
    expect(childPids(pid)).toEqual([]);
  });

  it.skipIf(numbers === undefined)('is done without where it is forbidden (on x64 and arm64)', async () => {
    const { can, process: child, pid } = await begin([numbers?.clone ?? 0]);
    expect(can).toBe(false);
    expect(childPids(pid)).toEqual([]);
    const exit = once(child, 'exit');
    child.kill('SIGUSR2');
    expect(await exit).toEqual([0, null]);
  });

  it.skipIf(numbers === undefined)('is as urgent where it may not be less (on x64 and arm64)', async () => {
    const { can, pid } = await begin([numbers?.setpriority ?? 0]);
    expect(can).toBe(true);
    expect(niceOf(holderPid(pid))).toBe(niceOf(pid));
  });
});
