import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';

const FAKE = { entry: 'test/scenario/support/fake-daemon.ts' };
const SERVES = 'print [INFO] serving dns://127.0.0.1:5353\n';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('starting a daemon', () => {
  it('resolves once it serves, with what it was given', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES, args: ['--x', '1'], env: { FAKE: 'yes' } });
    expect(daemon.lines()).toEqual([
      'arguments --x 1',
      'environment yes',
      '[INFO] serving dns://127.0.0.1:5353',
    ]);
    expect(readFileSync(daemon.corefilePath, 'utf8')).toBe(SERVES);
  });

  it('rejects with all output when it ends first', async () => {
    const corefile = 'print listening\ncomplain Corefile:1: unknown directive\nend 1';
    await expect(startDaemon({ ...FAKE, corefile })).rejects.toThrow(
      /exit code 1 came first; it printed:\n[^]*listening[^]*/,
    );
    await expect(startDaemon({ ...FAKE, corefile })).rejects.toThrow('Corefile:1: unknown directive');
  });

  it('rejects with all output when it does not serve in time', async () => {
    const started = startDaemon({ ...FAKE, corefile: 'print thinking', readyTimeoutMs: 1 });
    await expect(started).rejects.toThrow('not within 1 ms');
  });
});

describe('a running daemon', () => {
  it('ends by SIGTERM, and leaves nothing behind', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES });
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(dirname(daemon.corefilePath))).toBe(false);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });

  it('takes a signal', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES });
    daemon.signal('SIGKILL');
    expect(await daemon.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('finds a new Corefile where the old one was', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES });
    const next = daemon.waitForNextLine(/serving/);
    daemon.reload('print serving again\n');
    daemon.signal('SIGUSR1');
    expect(await next).toBe('serving again');
    expect(await daemon.waitForLine(/serving/)).toBe('[INFO] serving dns://127.0.0.1:5353');
  });

  it('is waited for no longer than it lives', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES });
    const waiting = expect(daemon.waitForLine(/never/)).rejects.toThrow('exit code 0 came first');
    await daemon.stop();
    await waiting;
  });
});

describe('a daemon that nobody stops', () => {
  const started: Daemon[] = [];

  it('is started by one test', async () => {
    const daemon = await startDaemon({ ...FAKE, corefile: SERVES });
    expect(isAlive(daemon.pid)).toBe(true);
    started.push(daemon);
  });

  it('is gone in the next', () => {
    expect(started.map((daemon) => isAlive(daemon.pid))).toEqual([false]);
  });
});

describe('running a subcommand', () => {
  it('gives its output, its exit code, and its input to it', async () => {
    expect(await runCli(['check'], { ...FAKE, input: 'some text' })).toEqual({
      code: 3,
      stdout: 'check: some text',
      stderr: 'done',
    });
  });

  it('gives no input unless told to', async () => {
    expect(await runCli(['check'], FAKE)).toMatchObject({ stdout: 'check: ' });
  });
});
