import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { waitUntilIdle } from '../../src/listen/drain.ts';

/** Whether it has resolved by the time that the event loop has turned so often. */
async function isDoneWithin(turns: number, waiting: Promise<void>): Promise<boolean> {
  const turned = async (left: number): Promise<boolean> => {
    if (left === 0) return false;
    await nextTurn();
    return turned(left - 1);
  };
  return Promise.race([waiting.then(() => true), turned(turns)]);
}

describe('waiting until a listener is idle', () => {
  it('takes a few turns of the event loop where nothing comes', async () => {
    const waiting = waitUntilIdle({ inFlight: 0 }, () => 7, 60_000);
    expect(await isDoneWithin(1, waiting)).toBe(false);
    expect(await isDoneWithin(20, waiting)).toBe(true);
  });

  it('goes on as long as queries come', async () => {
    let received = 0;
    let coming = true;
    const waiting = waitUntilIdle({ inFlight: 0 }, () => (coming ? ++received : received), 60_000);
    expect(await isDoneWithin(200, waiting)).toBe(false);
    coming = false;
    expect(await isDoneWithin(20, waiting)).toBe(true);
  });

  it('goes on as long as answers are due', async () => {
    const listener = { inFlight: 1 };
    const waiting = waitUntilIdle(listener, () => 0, 60_000);
    expect(await isDoneWithin(200, waiting)).toBe(false);
    listener.inFlight = 0;
    await waiting;
  });

  it('ends when its time is over', async () => {
    await waitUntilIdle({ inFlight: 1 }, () => 0, 10);
    await waitUntilIdle({ inFlight: 1 }, () => 0, 0);
    await waitUntilIdle({ inFlight: 1 }, () => 0, -1);
  });
});
