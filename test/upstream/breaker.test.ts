import { describe, expect, it } from 'vitest';
import { Breaker } from '../../src/upstream/breaker.ts';

/** How long it stays open from now on, to a millisecond. */
function openForMs(breaker: Breaker, nowMs: number): number {
  let ms = 0;
  breaker.checked();
  while (breaker.isOpen(nowMs + ms)) ms++;
  return ms;
}

describe('Breaker', () => {
  it('stays closed over one failure, and over failures with replies in between', () => {
    const breaker = new Breaker();
    for (let i = 0; i < 10; i++) {
      breaker.failed(i);
      breaker.replied();
    }
    breaker.failed(10);
    expect(breaker.isOpen(10)).toBe(false);
  });

  it('opens for a quarter of a second, and for twice as long each time, up to 8 s', () => {
    const breaker = new Breaker();
    breaker.failed(0);
    breaker.failed(0);
    let nowMs = 0;
    for (const longestMs of [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]) {
      const ms = openForMs(breaker, nowMs);
      expect(ms).toBeGreaterThanOrEqual(longestMs * 0.75 - 1);
      expect(ms).toBeLessThanOrEqual(longestMs);
      nowMs += ms;
      breaker.asked(nowMs);
      breaker.failed(nowMs);
    }
  });

  it('lets one question through when the time is over, and no other before it is known what came of it', () => {
    const breaker = new Breaker();
    breaker.failed(0);
    breaker.failed(0);
    breaker.checked();
    expect(breaker.isOpen(250)).toBe(false);
    breaker.asked(250);
    expect(breaker.isOpen(60_000)).toBe(true);
    breaker.replied();
    expect(breaker.isOpen(251)).toBe(false);
  });

  it('lets another one through when nothing came of the first', () => {
    const breaker = new Breaker();
    breaker.failed(0);
    breaker.failed(0);
    breaker.checked();
    breaker.asked(250);
    breaker.abandoned();
    expect(breaker.isOpen(251)).toBe(false);
  });

  it('stays open as long as no health check is good', () => {
    const breaker = new Breaker();
    breaker.failed(0);
    breaker.checked();
    breaker.failed(0);
    expect(breaker.isOpen(60_000)).toBe(true);
    breaker.checked();
    expect(breaker.isOpen(60_000)).toBe(false);
  });

  it('takes failures of what was under way for one', () => {
    const breaker = new Breaker();
    for (let i = 0; i < 50; i++) breaker.failed(0);
    expect(openForMs(breaker, 0)).toBeLessThanOrEqual(250);
  });

  it('does not open for the same time twice', () => {
    const times = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const breaker = new Breaker();
      breaker.failed(0);
      breaker.failed(0);
      times.add(openForMs(breaker, 0));
    }
    expect(times.size).toBeGreaterThan(3);
  });
});
