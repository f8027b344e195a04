import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/base/single-flight.ts';

describe('SingleFlight', () => {
  it('gives everybody who asks for a key the same work, as long as it is under way', async () => {
    const flights = new SingleFlight<string>();
    const work = Promise.withResolvers<string>();
    expect(flights.joined('a')).toBeUndefined();
    expect(flights.lead('a', work.promise)).toBe(work.promise);
    expect(flights.joined('a')).toBe(work.promise);
    expect(flights.joined('b')).toBeUndefined();
    expect(flights.size).toBe(1);
    work.resolve('done');
    expect(await work.promise).toBe('done');
    expect(flights.joined('a')).toBeUndefined();
    expect(flights.size).toBe(0);
  });

  it('forgets work that failed, and leaves its rejection to those who wait', async () => {
    const flights = new SingleFlight<string>();
    const failed = flights.lead('a', Promise.reject(new Error('no')));
    await expect(failed).rejects.toThrow('no');
    expect(flights.joined('a')).toBeUndefined();
  });

  it('keeps the work of different keys apart', async () => {
    const flights = new SingleFlight<number>();
    const first = Promise.withResolvers<number>();
    const second = Promise.withResolvers<number>();
    void flights.lead('a', first.promise);
    void flights.lead('b', second.promise);
    first.resolve(1);
    await first.promise;
    expect(flights.joined('a')).toBeUndefined();
    expect(flights.joined('b')).toBe(second.promise);
  });
});
