import { describe, expect, it } from 'vitest';
import { ZoneTable } from '../../src/serve/zone-match.ts';
import { makeQuery } from '../support/query.ts';
import { zonesOf } from '../support/setup-context.ts';

/** A table in which each zone's block is the zone's own text. */
function tableOf(...texts: string[]): ZoneTable<string> {
  const table = new ZoneTable<string>();
  for (const zone of zonesOf(...texts)) table.add(zone, zone.text);
  return table;
}

const find = (table: ZoneTable<string>, name: string, type = 'A'): string | undefined =>
  table.match(makeQuery(name, type))?.block;

describe('zone match', () => {
  const table = tableOf('example.org.', 'b.example.org.', 'org.', 'cluster.local.');

  it.each([
    { name: 'example.org.', block: 'example.org.', why: 'the zone itself' },
    { name: 'a.example.org.', block: 'example.org.', why: 'a name in it' },
    { name: 'x.y.z.example.org.', block: 'example.org.', why: 'a name far below it' },
    { name: 'b.example.org.', block: 'b.example.org.', why: 'the longer of two zones' },
    { name: 'a.b.example.org.', block: 'b.example.org.', why: 'below the longer of two zones' },
    { name: 'bb.example.org.', block: 'example.org.', why: 'a label that ends in another' },
    { name: 'xexample.org.', block: 'org.', why: 'ends in the letters of a zone, not in its labels' },
    { name: 'WWW.EXAMPLE.ORG.', block: 'example.org.', why: 'in capitals' },
    { name: 'org.', block: 'org.', why: 'the parent of a zone' },
    { name: 'local.', block: undefined, why: 'above every zone' },
    { name: 'example.net.', block: undefined, why: 'in no zone' },
    { name: '.', block: undefined, why: 'the root, which is not served' },
    { name: String.raw`www\.example.org.`, block: 'org.', why: 'a dot inside of a label' },
  ])('$name goes to $block: $why', ({ name, block }) => {
    expect(find(table, name)).toBe(block);
  });

  it('takes the octets of a label for nothing else, even where they spell a zone', () => {
    // One label of 12 octets: the same octets as `\3abc\7example`, had it been two labels.
    expect(find(tableOf('example.'), String.raw`abc\007example.`)).toBeUndefined();
  });

  it('the root zone takes what no other does', () => {
    const withRoot = tableOf('.', 'example.org.');
    expect(find(withRoot, 'a.example.org.')).toBe('example.org.');
    expect(find(withRoot, 'example.net.')).toBe('.');
    expect(find(withRoot, '.')).toBe('.');
  });

  it('an empty table takes nothing', () => {
    expect(find(tableOf(), 'example.org.')).toBeUndefined();
  });

  it('finds a zone of 255 octets', () => {
    const label = `${'a'.repeat(61)}.`;
    const longest = `${label.repeat(4)}aaaaa.`;
    expect(find(tableOf(longest, '.'), longest)).toBe(longest);
  });
});

describe('a question for DS', () => {
  const table = tableOf('.', 'org.', 'example.org.', 'child.example.org.');

  it.each([
    { name: 'child.example.org.', block: 'org.', why: 'the side of the parent, and of its parent' },
    { name: 'example.org.', block: 'org.', why: 'the side of the parent' },
    { name: 'org.', block: 'org.', why: 'as in CoreDNS, not the root' },
    { name: 'example.net.', block: '.', why: 'no other zone' },
    { name: '.', block: '.', why: 'no parent at all' },
  ])('about $name goes to $block: $why', ({ name, block }) => {
    expect(find(table, name, 'DS')).toBe(block);
  });

  it('goes to the child where the parent is not served', () => {
    expect(find(tableOf('example.org.'), 'example.org.', 'DS')).toBe('example.org.');
    expect(find(tableOf('example.org.', '.'), 'a.example.org.', 'DS')).toBe('example.org.');
  });
});

describe('find', () => {
  it('gives the row of this very zone', () => {
    const table = tableOf('example.org.', 'a.example.org.');
    const [zone, sameLength] = zonesOf('example.org.', 'example.net.');
    expect(table.find(zone)?.block).toBe('example.org.');
    expect(table.find(sameLength)).toBeUndefined();
    expect([...table.zones()].map(({ text }) => text)).toEqual(['example.org.', 'a.example.org.']);
  });
});
