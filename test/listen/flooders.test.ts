import { beforeEach, describe, expect, it } from 'vitest';
import { FIRST_KEPT_OUT_MS, Flooders, MANY_CONNECTIONS } from '../../src/listen/flooders.ts';

const FLOODER = '192.0.2.66';
const OTHER = '192.0.2.1';

let flooders: Flooders;
let nowMs: number;

/** @returns whether the last one was too many by itself */
function come(client: string, count: number): boolean {
  let isTooMany = false;
  for (let left = count; left > 0; left--) isTooMany = flooders.note(client);
  return isTooMany;
}

/** Floods, and is kept out for it. @returns for how long, in milliseconds */
function timeOut(): number {
  come(FLOODER, MANY_CONNECTIONS);
  expect(flooders.tooMany(nowMs)).toBe(true);
  const sinceMs = nowMs;
  do nowMs += 50;
  while (!flooders.pass(nowMs));
  return nowMs - sinceMs;
}

beforeEach(() => {
  flooders = new Flooders();
  nowMs = 1_000_000;
  flooders.pass(nowMs);
});

describe('when there are too many connections', () => {
  it('who has brought most of them is kept out for a while, others are not', () => {
    come(OTHER, MANY_CONNECTIONS);
    come(FLOODER, MANY_CONNECTIONS + 1);
    expect(flooders.keptOut).toEqual([]);
    expect(flooders.tooMany(nowMs)).toBe(true);
    expect(flooders.keptOut).toEqual([FLOODER]);
    expect(flooders.pass(nowMs + FIRST_KEPT_OUT_MS - 1)).toBe(false);
    expect(flooders.pass(nowMs + FIRST_KEPT_OUT_MS)).toBe(true);
    expect(flooders.keptOut).toEqual([]);
  });

  it('nobody is kept out where nobody has brought many', () => {
    for (let client = 0; client < 250; client++) come(`192.0.2.${client}`, MANY_CONNECTIONS - 1);
    expect(flooders.tooMany(nowMs)).toBe(false);
  });

  it('connections of an earlier second do not count', () => {
    come(FLOODER, MANY_CONNECTIONS);
    flooders.pass(nowMs + 1_000);
    expect(flooders.tooMany(nowMs + 1_000)).toBe(false);
  });

  it('those of a client that is kept out and were in the queue change nothing', () => {
    come(FLOODER, MANY_CONNECTIONS);
    flooders.tooMany(nowMs);
    come(FLOODER, MANY_CONNECTIONS);
    expect(flooders.tooMany(nowMs)).toBe(false);
    expect(flooders.keptOut).toEqual([FLOODER]);
  });
});

describe('a client that comes back and goes on', () => {
  it('is kept out for longer each time, up to a few seconds', () => {
    const times = Array.from({ length: 5 }, timeOut);
    expect(times).toEqual([700, 1_400, 2_800, 2_800, 2_800]);
  });

  it('is too many by itself, where others are not', () => {
    timeOut();
    expect(come(FLOODER, MANY_CONNECTIONS - 1)).toBe(false);
    expect(come(FLOODER, 1)).toBe(true);
    expect(come(OTHER, MANY_CONNECTIONS)).toBe(false);
  });

  it('is like any other after ten seconds', () => {
    timeOut();
    flooders.pass((nowMs += 10_000));
    expect(come(FLOODER, MANY_CONNECTIONS)).toBe(false);
    expect(timeOut()).toBe(FIRST_KEPT_OUT_MS);
  });
});

it('there is nothing to look after once nothing is counted and nobody is remembered', () => {
  expect(flooders.isIdle).toBe(true);
  come(OTHER, 1);
  expect(flooders.isIdle).toBe(false);
  flooders.pass((nowMs += 1_000));
  expect(flooders.isIdle).toBe(true);
  timeOut();
  flooders.pass((nowMs += 1_000));
  expect(flooders.isIdle).toBe(false);
  flooders.pass((nowMs += 10_000));
  expect(flooders.isIdle).toBe(true);
});
