import { describe, expect, it } from 'vitest';
import { cidrToReverseZones } from '../../src/corefile/zone-key.ts';

describe('cidrToReverseZones', () => {
  it.each([
    { text: '10.0.0.0/8', zones: ['10.in-addr.arpa.'] },
    { text: '192.168.1.0/24', zones: ['1.168.192.in-addr.arpa.'] },
    { text: '192.168.1.7/32', zones: ['7.1.168.192.in-addr.arpa.'] },
    { text: '0.0.0.0/0', zones: ['in-addr.arpa.'] },
    { text: '10.0.0.0/15', zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
    { text: '10.1.2.3/15', zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
    { text: '10.0.0.4/31', zones: ['4.0.0.10.in-addr.arpa.', '5.0.0.10.in-addr.arpa.'] },
    { text: '10.0.0.0/08', zones: ['10.in-addr.arpa.'] },
    { text: '2001:db8::/32', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'] },
    { text: '2001:DB8::/31', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.', '9.b.d.0.1.0.0.2.ip6.arpa.'] },
    { text: 'fd00:1:2:3:4:5:6:7/16', zones: ['0.0.d.f.ip6.arpa.'] },
    {
      text: 'fd00::192.168.0.1/112',
      zones: ['8.a.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.'],
    },
  ])('gives the zones of $text', ({ text, zones }) => {
    expect(cidrToReverseZones(text)).toEqual(zones);
  });

  it.each([
    { text: '10.9.3.0/18', count: 64, first: '0.9.10.in-addr.arpa.', last: '63.9.10.in-addr.arpa.' },
    {
      text: '192.168.1.0/25',
      count: 128,
      first: '0.1.168.192.in-addr.arpa.',
      last: '127.1.168.192.in-addr.arpa.',
    },
    {
      text: '192.168.1.200/25',
      count: 128,
      first: '128.1.168.192.in-addr.arpa.',
      last: '255.1.168.192.in-addr.arpa.',
    },
    {
      text: '2001:db8::/29',
      count: 8,
      first: '8.b.d.0.1.0.0.2.ip6.arpa.',
      last: 'f.b.d.0.1.0.0.2.ip6.arpa.',
    },
  ])('gives $count zones for $text', ({ text, count, first, last }) => {
    const zones = cidrToReverseZones(text);
    expect(zones).toHaveLength(count);
    expect([zones?.at(0), zones?.at(-1)]).toEqual([first, last]);
  });

  it('gives one zone for a whole IPv6 address', () => {
    expect(cidrToReverseZones('2001:db8::1/128')).toEqual([`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`]);
  });

  it.each([
    'example.org',
    '10.0.0.0',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.256/8',
    '010.0.0.0/8',
    '2001:db8::/129',
    '2001:db8/32',
    '2001:db8:::/32',
    '2001::db8::/32',
    '1:2:3:4:5:6:7::8:9/32',
    '1:2:3:4::5:6:7:8/32',
    '12345::/32',
    'fe80::1%eth0/64',
    '1.2.3.4::/32',
    'g::/8',
  ])('does not take %s for a network', (text) => {
    expect(cidrToReverseZones(text)).toBeUndefined();
  });

  it.each(['::/0', '::1/128', '0::/8', '::ffff:10.0.0.0/104'])('refuses %s', (text) => {
    expect(() => cidrToReverseZones(text)).toThrow(new RangeError(`invalid CIDR ${text}`));
  });
});
