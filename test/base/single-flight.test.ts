import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/base/single-flight.ts';

describe('SingleFlight', () => {
  it('gives everybody who asks for a key the result of the same work, as long as it is under way', async () => {
    const flights = new SingleFlight<string>();
    expect(flights.joined('a')).toBeUndefined();
    flights.begin('a');
    const [one, other] = [flights.joined('a'), flights.joined('a')];
    expect(flights.joined('b')).toBeUndefined();
    expect(flights.size).toBe(1);
    flights.land('a', 'done');
    expect([await one, await other]).toEqual(['done', 'done']);
    expect(flights.joined('a')).toBeUndefined();
    expect(flights.size).toBe(0);
  });

  it('needs nobody who waits', () => {
    const flights = new SingleFlight<string>();
    flights.begin('a');
    flights.land('a', 'done');
    flights.begin('a');
    flights.crash('a', new Error('no'));
    expect(flights.size).toBe(0);
  });

  it('forgets work that failed, and tells those who wait', async () => {
    const flights = new SingleFlight<string>();
    flights.begin('a');
    const joined = flights.joined('a');
    flights.crash('a', new Error('no'));
    await expect(joined).rejects.toThrow('no');
    expect(flights.joined('a')).toBeUndefined();
  });

  it('keeps the work of different keys apart', async () => {
    const flights = new SingleFlight<number>();
    flights.begin('a');
    flights.begin('b');
    const first = flights.joined('a');
    const second = flights.joined('b');
    flights.land('a', 1);
    expect(await first).toBe(1);
    expect(flights.joined('a')).toBeUndefined();
    flights.land('b', 2);
    expect(await second).toBe(2);
  });
});
