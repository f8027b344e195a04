import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writesComeBack } from '../../src/observe/log-output.ts';
import { Fifo } from './fifo.ts';

const CHATTER = join(import.meta.dirname, 'chatter.ts');
/** See `chatter.ts`. */
const EXIT_CODE = 7;
const LINES = 20_000;

let fifo: Fifo;
const children: ChildProcess[] = [];

beforeEach(() => {
  fifo = new Fifo();
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fifo.remove();
});

interface Outcome {
  readonly code: unknown;
  readonly report: unknown;
}

/** Runs the chatter with the given standard output until it ends by itself. */
async function chatter(stdout: number | 'pipe'): Promise<Outcome> {
  const child = spawn(process.execPath, [CHATTER], { stdio: ['ignore', stdout, 'pipe'] });
  children.push(child);
  const [report, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  child.stdout?.destroy();
  return { code, report: JSON.parse(report) };
}

const someDropped = { lines: LINES, dropped: expect.toSatisfy((count: number) => count > LINES / 2) };

describe('a process whose standard output nobody reads goes on, and ends when it wants', () => {
  it('when it is a pipe', async () => {
    const { code, report } = await chatter(fifo.openBlocking());
    expect(code).toBe(EXIT_CODE);
    expect(report).toMatchObject({ ...someDropped, comesBack: true });
  });

  it('when it is a socket, which cannot be opened again', async () => {
    // Node connects its children by socket pairs.
    const { code, report } = await chatter('pipe');
    expect(code).toBe(EXIT_CODE);
    expect(report).toMatchObject({ ...someDropped, comesBack: true, fd: 1 });
  });
});

describe('standard output', () => {
  it('that is a file gets every line', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'log-output-'));
    const path = join(directory, 'log');
    const fd = openSync(path, 'w');
    const { code, report } = await chatter(fd);
    closeSync(fd);
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    rmSync(directory, { recursive: true });
    expect(code).toBe(EXIT_CODE);
    expect(report).toMatchObject({ dropped: 0, comesBack: true, fd: 1 });
    expect(lines).toHaveLength(LINES);
    expect(new Set(lines).size).toBe(LINES);
  });

  it('that is a pipe stays as it is for others who share it', async () => {
    const shared = fifo.openBlocking();
    await chatter(shared);
    expect(writesComeBack(shared)).toBe(false);
  });

  it('that is on a full disk costs lines, not the process', async () => {
    const full = openSync('/dev/full', 'w');
    const { code, report } = await chatter(full);
    closeSync(full);
    expect(code).toBe(EXIT_CODE);
    expect(report).toMatchObject(someDropped);
  });

  it('that nobody has open any more costs lines, not the process', async () => {
    const held = fifo.holdOpen();
    const writer = fifo.openWriter();
    fifo.close(held);
    const { code, report } = await chatter(writer);
    expect(code).toBe(EXIT_CODE);
    expect(report).toMatchObject(someDropped);
  });
});

describe('whether writes come back', () => {
  it('is no for a pipe as it is given to us', () => {
    expect(writesComeBack(fifo.openBlocking())).toBe(false);
  });

  it('is yes for a non-blocking one', () => {
    fifo.holdOpen();
    expect(writesComeBack(fifo.openWriter())).toBe(true);
  });

  it('is no for what is not open', () => {
    expect(writesComeBack(1_000_000)).toBe(false);
  });
});
