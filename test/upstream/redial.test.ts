import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedialPause } from '../../src/upstream/redial-pause.ts';
import { closeConnection, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import { answerByName, name } from './streams.ts';

describe('RedialPause', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('grants nothing before a connection was ever open', () => {
    expect(new RedialPause(500, () => undefined).begin()).toBe(false);
  });

  it('grants pauses that grow until the patience is over, and anew after a connection', () => {
    const redials: number[] = [];
    const startMs = Date.now();
    const pause = new RedialPause(500, () => void redials.push(Date.now() - startMs));
    pause.end();
    while (pause.begin()) vi.advanceTimersByTime(1_000);
    // 10, 20, 40 … each halved at most: six or seven of them until 500 ms were spent.
    expect(redials.length).toBeGreaterThanOrEqual(6);
    expect(redials.length).toBeLessThanOrEqual(8);
    expect(pause.begin()).toBe(false);
    pause.end();
    expect(pause.begin()).toBe(true);
  });

  it('grants none where the patience is none', () => {
    const pause = new RedialPause(0, () => undefined);
    pause.end();
    expect(pause.begin()).toBe(false);
  });

  it('is one at a time', () => {
    const redial = vi.fn<() => void>();
    const pause = new RedialPause(500, redial);
    pause.end();
    pause.begin();
    pause.begin();
    expect(pause.isRunning).toBe(true);
    vi.advanceTimersByTime(10);
    expect(redial).toHaveBeenCalledTimes(1);
  });
});

describe('an upstream that nobody can stand in for', () => {
  it('is waited for when it was there a moment ago', async () => {
    const server = await serve(answerByName);
    const { ask } = openUpstream(server, { redialMs: 5_000 });
    await ask(name(1), 'tcp');
    const { port } = server;
    await server.close();
    const answer = ask(name(2), 'tcp', 5_000);
    const again = await startScriptedUpstream(answerByName, { port });
    try {
      expect(lastOctet(await answer)).toBe(2);
    } finally {
      await again.close();
    }
  });

  it('is given up after a while, and not waited for again', async () => {
    const server = await serve(answerByName);
    const { ask } = openUpstream(server, { redialMs: 60 });
    await ask(name(1), 'tcp');
    await server.close();
    expect((await failureOf(ask(name(2), 'tcp', 60_000))).code).toBe('refused');
    expect((await failureOf(ask(name(3), 'tcp', 60_000))).code).toBe('refused');
  });

  it('is not waited for by a closed pool', async () => {
    const server = await serve((query) =>
      query.name === 'n2.test.' ? closeConnection() : answerByName(query),
    );
    const { ask, upstream } = openUpstream(server, { redialMs: 60_000 });
    await ask(name(1), 'tcp');
    await server.close();
    const answer = failureOf(ask(name(2), 'tcp', 60_000));
    upstream.close();
    expect((await answer).code).toBe('closed');
  });
});
