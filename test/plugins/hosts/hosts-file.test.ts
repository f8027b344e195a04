import { describe, expect, it } from 'vitest';
import { HostsReader, MAX_LINE_CHARACTERS } from '../../../src/plugins/hosts/hosts-file.ts';
import type { HostsTable } from '../../../src/plugins/hosts/hosts-file.ts';
import { parseIpAddress } from '../../../src/plugins/hosts/ip-address.ts';
import { labelsOf, nameKey } from '../../../src/plugins/hosts/name-key.ts';
import { zonesOf } from '../../support/setup-context.ts';

const read = (text: string, zones = ['.'], reverse = true): HostsTable => {
  const reader = new HostsReader({ zones: zonesOf(...zones), reverse });
  reader.add(text);
  reader.end();
  return reader.table;
};

const addresses = (table: HostsTable, name: string): string[] | undefined =>
  table.addressesOf(nameKey(name) ?? '')?.map((address) => address.text);

const names = (table: HostsTable, address: string): string[] | undefined =>
  table.namesOf(parseIpAddress(address)?.reverseKey ?? '')?.map((key) => labelsOf(key).join('.'));

describe('HostsReader', () => {
  it('finds every name of a line, and every address of a name in the order of the file', () => {
    const table = read('192.0.2.1 a.test b.test\n2001:db8::1 a.test\n192.0.2.2 a.test\n');
    expect(addresses(table, 'a.test')).toEqual(['192.0.2.1', '2001:db8:0:0:0:0:0:1', '192.0.2.2']);
    expect(addresses(table, 'b.test.')).toEqual(['192.0.2.1']);
    expect(addresses(table, 'c.test')).toBeUndefined();
  });

  it('finds the names of an address, however the address is written', () => {
    const table = read(
      '2001:DB8:0::1 a.test\n2001:db8::1%eth0 b.test\n::ffff:192.0.2.1 c.test\n192.0.2.1 d.test',
    );
    expect(names(table, '2001:db8::0.0.0.1')).toEqual(['a.test', 'b.test']);
    expect(names(table, '192.0.2.1')).toEqual(['c.test', 'd.test']);
  });

  it('folds capitals of ASCII and keeps other octets', () => {
    const table = read('192.0.2.1 HOST.Test \u00c9t\u00e9.test');
    expect(addresses(table, 'host.test')).toEqual(['192.0.2.1']);
    expect(addresses(table, '\u00c9t\u00e9.TEST')).toEqual(['192.0.2.1']);
    expect(addresses(table, '\u00e9t\u00e9.test')).toBeUndefined();
  });

  it.each([
    ['comments', '# 192.0.2.1 a.test\n192.0.2.2 b.test # a.test\n192.0.2.3#a.test\n'],
    ['tabs and carriage returns', '\t192.0.2.2\tb.test\r\n'],
    ['lines without a name', '192.0.2.1\n\n  \n192.0.2.2 b.test'],
    [
      'words that are no address',
      'a.test 192.0.2.1\n192.0.2 a.test\n192.0.2.01 a.test\n1::2::3 a.test\n192.0.2.2 b.test',
    ],
    [
      'names that are none',
      `192.0.2.2 a..test . a\\.test ${'a'.repeat(64)}.test b.test ${'a.'.repeat(127)}a`,
    ],
  ])('passes over %s', (_case, text) => {
    const table = read(text);
    expect(table.entries).toBe(2);
    expect(addresses(table, 'a.test')).toBeUndefined();
    expect(addresses(table, 'b.test')).toEqual(['192.0.2.2']);
  });

  it('leaves out names outside the zones', () => {
    const table = read('192.0.2.1 a.test a.example.org notexample.org example.org', ['example.org.']);
    expect(addresses(table, 'a.test')).toBeUndefined();
    expect(addresses(table, 'notexample.org')).toBeUndefined();
    expect(addresses(table, 'example.org')).toEqual(['192.0.2.1']);
    expect(names(table, '192.0.2.1')).toEqual(['a.example.org', 'example.org']);
  });

  it('gives addresses no names where that is not wanted', () => {
    const table = read('192.0.2.1 a.test', ['.'], false);
    expect(names(table, '192.0.2.1')).toBeUndefined();
    expect(table.entries).toBe(1);
  });

  describe('with a wildcard', () => {
    const table = read('192.0.2.1 *.a.test\n192.0.2.2 x.a.test\n');

    it('lets it stand for exactly one label', () => {
      expect(addresses(table, 'y.a.test')).toEqual(['192.0.2.1']);
      expect(addresses(table, 'a.test')).toBeUndefined();
      expect(addresses(table, 'z.y.a.test')).toBeUndefined();
    });

    it('prefers the name that is listed itself', () => {
      expect(addresses(table, 'x.a.test')).toEqual(['192.0.2.2']);
    });

    it('leads no address back to it', () => {
      expect(names(table, '192.0.2.1')).toBeUndefined();
      expect(table.entries).toBe(3);
    });

    it('takes an asterisk elsewhere for a name like any other', () => {
      const other = read('192.0.2.1 a.*.test *a.test');
      expect(addresses(other, 'a.b.test')).toBeUndefined();
      expect(addresses(other, 'ba.test')).toBeUndefined();
    });
  });

  it('reads text that comes in pieces as if it came in one', () => {
    const reader = new HostsReader({ zones: zonesOf('.'), reverse: true });
    for (const character of '192.0.2.1 a.test\n192.0.2.2 b.test') reader.add(character);
    reader.end();
    reader.add('192.0.2.3 a.test');
    reader.end();
    expect(addresses(reader.table, 'a.test')).toEqual(['192.0.2.1', '192.0.2.3']);
    expect(addresses(reader.table, 'b.test')).toEqual(['192.0.2.2']);
  });

  it('refuses a line that never ends, before it ends', () => {
    const reader = new HostsReader({ zones: zonesOf('.'), reverse: true });
    reader.add('192.0.2.1 a.test\n');
    reader.add('x'.repeat(MAX_LINE_CHARACTERS));
    expect(() => reader.add('x')).toThrow(new RangeError('line 2 is longer than 65536 characters'));
  });
});
