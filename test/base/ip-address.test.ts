import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4FromText, ipv6FromText } from '../../src/base/ip-address.ts';

const hex = (octets: Uint8Array | undefined): string | undefined =>
  octets && Buffer.from(octets).toString('hex');

describe('ipv4FromText', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['10.96.0.10', '0a60000a'],
  ])('reads %s', (text, octets) => {
    expect(hex(ipv4FromText(text))).toBe(octets);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.4.',
    '.1.2.3.4',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.x',
    '1..2.3',
  ])('refuses "%s"', (text) => {
    expect(ipv4FromText(text)).toBeUndefined();
  });
});

describe('ipv6FromText', () => {
  it.each([
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['fe80::', `fe80${'0'.repeat(28)}`],
    ['2001:DB8::a:0:1', '20010db800000000000000000000'.slice(0, 20) + '000a00000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
  ])('reads %s', (text, octets) => {
    expect(hex(ipv6FromText(text))).toBe(octets);
  });

  it.each([
    ['nothing', ''],
    ['an IPv4 address', '192.0.2.1'],
    ['too few groups', '1:2:3:4:5:6:7'],
    ['too many groups', '1:2:3:4:5:6:7:8:9'],
    ['an abbreviation that stands for nothing', '1:2:3:4::5:6:7:8'],
    ['two abbreviations', '1::2::3'],
    ['three colons', ':::1'],
    ['a group of five digits', '::12345'],
    ['a letter that is no digit', '::g'],
    ['an IPv4 address in the middle', '::192.0.2.1:5'],
    ['an IPv4 address in front', '192.0.2.1::'],
    ['a zone', 'fe80::1%eth0'],
    ['a colon at the end', '1:2:3:4:5:6:7:'],
  ])('refuses %s', (_, text) => {
    expect(ipv6FromText(text)).toBeUndefined();
  });
});

it('takes what Node takes for an address, and nothing else', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({
      unit: fc.constantFrom('0', '1', '25', '5', 'a', 'F', 'ffff', ':', '::', '.'),
      maxLength: 46,
    }),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      expect(ipv4FromText(candidate) !== undefined).toBe(isIPv4(candidate));
      expect(ipv6FromText(candidate) !== undefined).toBe(isIPv6(candidate));
    }),
    { numRuns: 2000 },
  );
});
