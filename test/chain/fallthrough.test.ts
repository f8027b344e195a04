import { describe, expect, it } from 'vitest';
import { Fallthrough } from '../../src/chain/fallthrough.ts';
import { makeQuery } from '../support/query.ts';

describe('Fallthrough', () => {
  it('lets nothing through where the option is missing', () => {
    expect(Fallthrough.NEVER.through(makeQuery('a.test', 'A'))).toBe(false);
  });

  it('lets every name through without arguments', () => {
    const fallthrough = Fallthrough.fromArgs([]);
    expect(fallthrough.through(makeQuery('a.test', 'A'))).toBe(true);
    expect(fallthrough.through(makeQuery('.', 'NS'))).toBe(true);
  });

  it('lets the names of its zones through, whatever their case, and no other', () => {
    const fallthrough = Fallthrough.fromArgs(['a.test', '10.0.0.0/8']);
    expect(fallthrough.through(makeQuery('X.A.Test', 'A'))).toBe(true);
    expect(fallthrough.through(makeQuery('1.0.0.10.in-addr.arpa', 'PTR'))).toBe(true);
    expect(fallthrough.through(makeQuery('b.test', 'A'))).toBe(false);
  });

  it('refuses what is no zone', () => {
    expect(() => Fallthrough.fromArgs(['a..b'])).toThrow(RangeError);
  });
});
