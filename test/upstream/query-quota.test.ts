import { describe, expect, it } from 'vitest';
import { QueryQuota } from '../../src/upstream/query-quota.ts';

/** How many may be asked at this time. */
function takeAll(quota: QueryQuota, nowMs: number): number {
  let taken = 0;
  while (quota.take(nowMs)) taken++;
  return taken;
}

describe('QueryQuota', () => {
  it('lets through what comes in a tenth of a second at once', () => {
    expect(takeAll(new QueryQuota(1_000), 5)).toBe(100);
  });

  it('lets through as many in a second as it says, and that burst', () => {
    const quota = new QueryQuota(1_000);
    let taken = 0;
    for (let nowMs = 0; nowMs <= 1_000; nowMs++) taken += takeAll(quota, nowMs);
    expect(taken).toBe(1_100);
  });

  it('saves nothing up beyond that', () => {
    const quota = new QueryQuota(1_000);
    takeAll(quota, 0);
    expect(takeAll(quota, 3_600_000)).toBe(100);
  });

  it('lets one through now and then where the limit is small', () => {
    const quota = new QueryQuota(2);
    expect([0, 499, 500, 501, 1_000].map((nowMs) => quota.take(nowMs))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('charges what has to be asked', () => {
    const quota = new QueryQuota(1_000);
    quota.take(0);
    for (let i = 0; i < 149; i++) quota.charge();
    expect(quota.take(49)).toBe(false);
    expect(quota.take(52)).toBe(true);
  });
});
