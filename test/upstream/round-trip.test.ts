import { describe, expect, it } from 'vitest';
import { RoundTrip } from '../../src/upstream/round-trip.ts';

describe('RoundTrip', () => {
  it('knows nothing before the first answer', () => {
    const trip = new RoundTrip();
    expect([trip.smoothedMs, trip.percentile95Ms]).toEqual([0, 0]);
  });

  it('begins with the first answer', () => {
    const trip = new RoundTrip();
    trip.note(8);
    expect(trip.smoothedMs).toBe(8);
    expect(trip.percentile95Ms).toBeGreaterThanOrEqual(8);
  });

  it('follows a change of the time slowly', () => {
    const trip = new RoundTrip();
    trip.note(10);
    trip.note(90);
    expect(trip.smoothedMs).toBe(20);
    for (let i = 0; i < 100; i++) trip.note(90);
    expect(trip.smoothedMs).toBeCloseTo(90, 0);
  });

  it.each([
    { first: 1, what: 'from below' },
    { first: 5_000, what: 'from above' },
  ])('comes to the 95th percentile, $what', ({ first }) => {
    const trip = new RoundTrip();
    trip.note(first);
    // 1 … 100 ms, each as often as the others.
    for (let i = 0; i < 20_000; i++) trip.note(((i * 37) % 100) + 1);
    expect(trip.percentile95Ms).toBeGreaterThan(85);
    expect(trip.percentile95Ms).toBeLessThan(105);
  });

  it('can rise again after answers that took no time', () => {
    const trip = new RoundTrip();
    for (let i = 0; i < 1_000; i++) trip.note(0);
    expect(trip.percentile95Ms).toBeGreaterThan(0);
    for (let i = 0; i < 500; i++) trip.note(100);
    expect(trip.percentile95Ms).toBeGreaterThan(90);
  });
});
