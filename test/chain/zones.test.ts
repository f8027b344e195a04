import { describe, expect, it } from 'vitest';
import { matchZone, namedZones, zonesFromArgs } from '../../src/chain/zones.ts';
import { zonesOf } from '../support/setup-context.ts';
import { makeQuery } from '../support/query.ts';

const block = { zones: zonesOf('cluster.local.', 'example.org.') };

describe('zonesFromArgs', () => {
  it('gives the zones of the server block when the directive names none', () => {
    expect(zonesFromArgs([], block)).toBe(block.zones);
  });

  it('gives the named zones instead, folded and fully qualified, in their order', () => {
    const zones = zonesFromArgs(['Example.COM', '.', 'dns://a.test:53'], block);
    expect(zones.map((zone) => zone.text)).toEqual(['example.com.', '.', 'a.test.']);
    expect(zones.map((zone) => zone.index)).toEqual([0, 1, 2]);
    expect(Buffer.from(zones[0].name).toString('latin1')).toBe('\u0007example\u0003com\0');
  });

  it('turns a network into reverse zones', () => {
    const zones = zonesFromArgs(['10.0.0.0/15', 'x.test'], block);
    expect(zones.map((zone) => [zone.text, zone.index])).toEqual([
      ['0.10.in-addr.arpa.', 0],
      ['1.10.in-addr.arpa.', 1],
      ['x.test.', 2],
    ]);
  });

  it('refuses what is no zone', () => {
    expect(() => zonesFromArgs(['a..b'], block)).toThrow(new RangeError("unable to normalize 'a..b'"));
  });
});

describe('matchZone', () => {
  const zones = zonesOf('example.org.', 'b.example.org.', 'other.test.');
  const match = (name: string, among = zones): string | undefined => {
    const query = makeQuery(name, 'A');
    return matchZone(among, query.foldedName, query.nameLength)?.text;
  };

  it.each([
    ['the zone itself', 'example.org', 'example.org.'],
    ['a name below', 'x.example.org', 'example.org.'],
    ['a name below two zones: the longer one', 'x.b.example.org', 'b.example.org.'],
    ['capitals', 'X.B.EXAMPLE.org', 'b.example.org.'],
    ['a name that only ends in the same letters', 'notexample.org', undefined],
    ['a parent of the zones', 'org', undefined],
    ['the root', '.', undefined],
    ['an escaped dot, which is no border of labels', 'x\\.example.org', undefined],
  ])('matches %s', (_, name, zone) => {
    expect(match(name)).toBe(zone);
  });

  it('takes every name into the root zone, the root too, but after longer zones', () => {
    const withRoot = [...namedZones(['.']), ...zones];
    expect(match('nowhere.test', withRoot)).toBe('.');
    expect(match('.', withRoot)).toBe('.');
    expect(match('example.org', withRoot)).toBe('example.org.');
  });

  it('matches nothing without zones', () => {
    expect(match('example.org', [])).toBeUndefined();
  });

  it('reads only the octets that belong to the name', () => {
    const query = makeQuery('a.test', 'A');
    query.foldedName.fill(0xff, query.nameLength);
    expect(matchZone(zonesOf('test.'), query.foldedName, query.nameLength)?.text).toBe('test.');
  });
});

it('folds a capital that is hidden in an escape', () => {
  const [zone] = namedZones(['\\065.test']);
  expect(zone.name[1]).toBe('a'.charCodeAt(0));
});
