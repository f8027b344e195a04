import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../../src/plugins/hosts/ip-address.ts';
import { labelsOf } from '../../../src/plugins/hosts/name-key.ts';

describe('parseIpAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['::', '0:0:0:0:0:0:0:0', `${'0.'.repeat(32)}ip6.arpa`],
    ['::1', '0:0:0:0:0:0:0:1', `1.${'0.'.repeat(31)}ip6.arpa`],
    ['fe80::', 'fe80:0:0:0:0:0:0:0', `${'0.'.repeat(28)}0.8.e.f.ip6.arpa`],
    ['2001:db8::a1b2', '2001:db8:0:0:0:0:0:a1b2', `2.b.1.a.${'0.'.repeat(20)}8.b.d.0.1.0.0.2.ip6.arpa`],
    [
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7:8',
      '8.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.ip6.arpa',
    ],
    ['::ffff:192.0.2.1', '192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['::ffff:c000:201', '192.0.2.1', '1.2.0.192.in-addr.arpa'],
    [
      '64:ff9b::192.0.2.1',
      '64:ff9b:0:0:0:0:c000:201',
      `1.0.2.0.0.0.0.c.${'0.'.repeat(16)}b.9.f.f.4.6.0.0.ip6.arpa`,
    ],
  ])('reads %s', (text, canonical, reverse) => {
    const address = parseIpAddress(text);
    expect(address?.text).toBe(canonical);
    expect(labelsOf(address?.reverseKey ?? '').join('.')).toBe(reverse);
  });

  it.each(['', '192.0.2', '192.0.2.256', '1:2', ':::', 'g::', '%eth0'])('refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });
});
