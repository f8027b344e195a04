/** How long a failure keeps its question from the upstream. */
import { describe, expect, it } from 'vitest';
import {
  BACK_OFF_MAX_MS,
  FORGET_MS,
  FailureTable,
  MOST_FAILURES,
  OUTAGE_FAILURES,
  backOffMs,
} from '../../../src/plugins/cache/failure-table.ts';
import type { FailureDetails } from '../../../src/plugins/cache/failure-table.ts';

const NOW = 1_000_000;
const SERVFAIL: FailureDetails = {
  rcode: 2,
  extendedError: { code: 13, text: '' },
  isUnreachable: false,
};
const UNREACHABLE: FailureDetails = {
  rcode: 2,
  extendedError: { code: 22, text: 'upstream: timeout' },
  isUnreachable: true,
};

/** Fails as soon as it may be asked again. @returns lengths of the steps */
function steps(table: FailureTable, key: string, details: FailureDetails, firstMs: number, count: number) {
  let nowMs = NOW;
  return Array.from({ length: count }, () => {
    table.add(key, details, firstMs, nowMs);
    const beganMs = nowMs;
    while (table.find(key, nowMs) !== undefined) nowMs += 500;
    return nowMs - beganMs;
  });
}

describe('a step of back-off', () => {
  it.each([
    { first: 1000, step: 1, ms: 1000 },
    { first: 1000, step: 5, ms: 16_000 },
    { first: 1000, step: 6, ms: BACK_OFF_MAX_MS },
    { first: 1000, step: 5000, ms: BACK_OFF_MAX_MS },
    { first: 1, step: 1, ms: 1000 },
    { first: 300_000, step: 1, ms: 300_000 },
    { first: 300_000, step: 9, ms: 300_000 },
    { first: 0, step: 9, ms: 0 },
  ])('$step after $first ms takes $ms ms', ({ first, step, ms }) => {
    expect(backOffMs(first, step)).toBe(ms);
  });
});

describe('a question that fails', () => {
  it('stays away for twice as long each time', () => {
    expect(steps(new FailureTable(), 'a', UNREACHABLE, 1000, 7)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(steps(new FailureTable(), 'a', SERVFAIL, 5000, 4)).toEqual([5000, 10_000, 20_000, 30_000]);
  });

  it('begins anew after an answer', () => {
    const table = new FailureTable();
    steps(table, 'a', SERVFAIL, 5000, 3);
    table.answered('a');
    expect(table.size).toBe(0);
    expect(steps(table, 'a', SERVFAIL, 5000, 1)).toEqual([5000]);
  });

  it('begins anew when nobody has asked for a minute', () => {
    const table = new FailureTable();
    table.add('a', SERVFAIL, 5000, NOW);
    const inTimeMs = NOW + 5000 + FORGET_MS - 1;
    table.add('a', SERVFAIL, 5000, inTimeMs);
    expect(table.find('a', inTimeMs + 9999)).toBeDefined();
    const lateMs = inTimeMs + 10_000 + FORGET_MS;
    table.add('a', SERVFAIL, 5000, lateMs);
    expect(table.find('a', lateMs + 4999)).toBeDefined();
    expect(table.find('a', lateMs + 5000)).toBeUndefined();
  });

  it('is not refreshed before the time to check again, or for a second at least', () => {
    const table = new FailureTable();
    table.add('a', SERVFAIL, 0, NOW);
    expect(table.find('a', NOW)).toBeUndefined();
    expect(table.mayRefresh('a', NOW + 999, 0)).toBe(false);
    expect(table.mayRefresh('a', NOW + 1000, 0)).toBe(true);
    expect(table.mayRefresh('a', NOW + 29_999, 30_000)).toBe(false);
    expect(table.mayRefresh('a', NOW + 30_000, 30_000)).toBe(true);
    expect(table.mayRefresh('b', NOW, 30_000)).toBe(true);
  });
});

describe('failures', () => {
  it('are bounded in number, and those asked for stay', () => {
    const table = new FailureTable();
    for (let i = 0; i < MOST_FAILURES; i++) table.add(`n${i}`, SERVFAIL, 5000, NOW);
    expect(table.find('n0', NOW)).toBeDefined();
    table.add('one more', SERVFAIL, 5000, NOW);
    expect(table.size).toBe(MOST_FAILURES);
    expect(table.find('n0', NOW)).toBeDefined();
    expect(table.find('n1', NOW)).toBeUndefined();
  });

  it('leave in the order in which they were last asked for, however many come', () => {
    const table = new FailureTable();
    for (let i = 0; i < 5 * MOST_FAILURES; i++) {
      table.add(`n${i}`, SERVFAIL, 5000, NOW);
      expect(table.find('asked', NOW)).toEqual(i === 0 ? undefined : expect.anything());
      if (i === 0) table.add('asked', SERVFAIL, 5000, NOW);
    }
    expect(table.size).toBe(MOST_FAILURES);
    const last = 5 * MOST_FAILURES - 1;
    expect(table.find(`n${last - MOST_FAILURES + 2}`, NOW)).toBeDefined();
    expect(table.find(`n${last - MOST_FAILURES + 1}`, NOW)).toBeUndefined();
  });

  it('of an outage count for a second when it is over', () => {
    const table = new FailureTable();
    const lastMs = NOW + 15_000;
    for (const ms of [0, 1000, 3000, 7000]) table.add('a', UNREACHABLE, 1000, NOW + ms);
    for (let i = 4; i < OUTAGE_FAILURES; i++) table.add(`n${i}`, UNREACHABLE, 1000, NOW);
    table.add('a', UNREACHABLE, 1000, lastMs);
    table.add('bad', SERVFAIL, 5000, lastMs);
    table.answered('other');
    expect(table.find('a', lastMs + 999)).toBeDefined();
    expect(table.find('a', lastMs + 1000)).toBeUndefined();
    // Somebody answered that one.
    expect(table.find('bad', lastMs + 4999)).toBeDefined();
  });

  it('of a name that nobody can resolve count on while others are answered', () => {
    const table = new FailureTable();
    for (let i = 0; i < 3 * OUTAGE_FAILURES; i++) {
      table.add('dead', UNREACHABLE, 1000, NOW + i * 30_000);
      table.answered('other');
    }
    expect(table.find('dead', NOW + 3 * OUTAGE_FAILURES * 30_000 - 1)).toBeDefined();
  });
});
