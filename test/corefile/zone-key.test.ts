import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeZone, parseZoneKey } from '../../src/corefile/zone-key.ts';

describe('parseZoneKey', () => {
  it.each([
    { key: '.', scheme: 'dns', zone: '.', port: 53 },
    { key: '.:53', scheme: 'dns', zone: '.', port: 53 },
    { key: 'cluster.local', scheme: 'dns', zone: 'cluster.local.', port: 53 },
    { key: 'cluster.local.:5353', scheme: 'dns', zone: 'cluster.local.', port: 5353 },
    { key: 'EXAMPLE.org', scheme: 'dns', zone: 'example.org.', port: 53 },
    { key: 'dns://example.org', scheme: 'dns', zone: 'example.org.', port: 53 },
    { key: 'tls://example.org', scheme: 'tls', zone: 'example.org.', port: 853 },
    { key: 'quic://example.org', scheme: 'quic', zone: 'example.org.', port: 853 },
    { key: 'grpc://example.org', scheme: 'grpc', zone: 'example.org.', port: 443 },
    { key: 'https://example.org', scheme: 'https', zone: 'example.org.', port: 443 },
    { key: 'https3://example.org', scheme: 'https3', zone: 'example.org.', port: 443 },
    { key: 'unix://example.org', scheme: 'unix', zone: 'example.org.', port: 0 },
    { key: 'tls://.:8853', scheme: 'tls', zone: '.', port: 8853 },
    { key: '_udp.example.org', scheme: 'dns', zone: '_udp.example.org.', port: 53 },
    { key: '*.example.org', scheme: 'dns', zone: '*.example.org.', port: 53 },
    { key: '}', scheme: 'dns', zone: '}.', port: 53 },
    { key: '.:0', scheme: 'dns', zone: '.', port: 0 },
    { key: '.:65535', scheme: 'dns', zone: '.', port: 65_535 },
    { key: 'example.org:+53', scheme: 'dns', zone: 'example.org.', port: 53 },
    { key: '2001:db8::1', scheme: 'dns', zone: '2001:db8:.', port: 1 },
  ])('reads $key', ({ key, ...expected }) => {
    expect(parseZoneKey(key, 53)).toEqual([expected]);
  });

  it.each([
    { name: 'a port with a name', key: 'example.org:http', zone: 'example.org:http.' },
    { name: 'a port of more than 64 bits', key: 'x:99999999999999999999', zone: 'x:99999999999999999999.' },
    { name: 'an unknown scheme', key: 'http://example.org', zone: 'http://example.org.' },
    { name: 'a scheme in upper case', key: 'TLS://example.org', zone: 'tls://example.org.' },
    { name: 'letters outside ASCII, whose case is not DNS business', key: 'ÉA', zone: 'Éa.' },
    { name: 'an escaped dot at the end', key: String.raw`a\.`, zone: String.raw`a\..` },
  ])('leaves $name in the name', ({ key, zone }) => {
    expect(parseZoneKey(key, 53)).toEqual([{ scheme: 'dns', zone, port: 53 }]);
  });

  it('uses the default port for dns only', () => {
    expect(parseZoneKey('a', 1053)[0]?.port).toBe(1053);
    expect(parseZoneKey('tls://a', 1053)[0]?.port).toBe(853);
    expect(parseZoneKey('a:53', 1053)[0]?.port).toBe(53);
  });

  it('expands a network to all its zones, with the scheme and port of the key', () => {
    expect(parseZoneKey('tls://10.0.0.0/15:5300', 53)).toEqual([
      { scheme: 'tls', zone: '0.10.in-addr.arpa.', port: 5300 },
      { scheme: 'tls', zone: '1.10.in-addr.arpa.', port: 5300 },
    ]);
    expect(parseZoneKey('2001:db8::/32', 53)).toEqual([
      { scheme: 'dns', zone: '8.b.d.0.1.0.0.2.ip6.arpa.', port: 53 },
    ]);
  });

  const label63 = 'a'.repeat(63);
  it.each([
    { name: 'a colon at the end', key: 'x:', message: 'expecting data after last colon: "x:"' },
    {
      name: 'a colon at the end, behind a scheme',
      key: 'tls://x:',
      message: 'expecting data after last colon: "x:"',
    },
    {
      name: 'an IPv6 address that ends in colons',
      key: 'fe80::',
      message: 'expecting data after last colon: "fe80::"',
    },
    { name: 'nothing', key: '', message: 'expecting data after last colon: ""' },
    {
      name: 'a quote before the colon',
      key: 'a":',
      message: String.raw`expecting data after last colon: "a\":"`,
    },
    { name: 'a port without a name', key: ':53', message: 'zone is not a valid domain name: ' },
    { name: 'an empty label', key: 'a..b', message: 'zone is not a valid domain name: a..b' },
    { name: 'a leading dot', key: '.a', message: 'zone is not a valid domain name: .a' },
    {
      name: 'a label of 64 octets',
      key: `a${label63}.b`,
      message: `zone is not a valid domain name: a${label63}.b`,
    },
    { name: 'a backslash at the end', key: 'a\\', message: 'zone is not a valid domain name: a\\' },
    {
      name: 'an escape above 255',
      key: String.raw`a\256`,
      message: String.raw`zone is not a valid domain name: a\256`,
    },
    { name: '256 characters', key: 'a.'.repeat(128), message: 'specified zone is too long: 256 > 255' },
    {
      name: '255 characters and the dot that is missing',
      key: `${'a.'.repeat(127)}b`,
      message: 'specified zone is too long: 256 > 255',
    },
    {
      name: '254 characters, which are 256 octets',
      key: `${'a.'.repeat(126)}bc`,
      message: 'specified zone is too long: 256 > 255',
    },
    {
      name: '150 characters of two octets each',
      key: 'é'.repeat(150),
      message: 'specified zone is too long: 300 > 255',
    },
    { name: 'an IPv6 network with a leading colon', key: '::/0', message: 'invalid CIDR ::/0' },
    {
      name: 'an IPv6 network with a leading zero',
      key: '0064:ff9b::/96',
      message: 'invalid CIDR 0064:ff9b::/96',
    },
    { name: 'a port above 65535', key: 'x:65536', message: 'address 65536: invalid port' },
    { name: 'a port below 0', key: 'x:-1', message: 'address -1: invalid port' },
  ])('refuses $name', ({ key, message }) => {
    expect(() => parseZoneKey(key, 53)).toThrow(new RangeError(message));
  });

  it('takes the longest name', () => {
    const key = `${'a.'.repeat(126)}b`; // 253 characters, 255 octets
    expect(parseZoneKey(key, 53)).toEqual([{ scheme: 'dns', zone: `${key}.`, port: 53 }]);
  });

  it('counts an escape as one octet of its label', () => {
    const label = String.raw`\065\.`.repeat(31); // 62 octets
    expect(parseZoneKey(`${label}a.b`, 53)).toHaveLength(1);
    expect(() => parseZoneKey(`${label}aa.b`, 53)).toThrow('zone is not a valid domain name');
  });

  it('throws nothing but RangeErrors and gives qualified names, whatever the key', () => {
    const key = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('a0.:/\\1fA')) }));
    fc.assert(
      fc.property(key, (text) => {
        try {
          for (const { zone } of parseZoneKey(text, 53)) expect(zone).toMatch(/\.$/);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('normalizeZone', () => {
  it.each([
    { text: '.', zones: ['.'] },
    { text: 'Example.ORG', zones: ['example.org.'] },
    { text: 'example.org.', zones: ['example.org.'] },
    { text: 'example.org:53', zones: ['example.org.'] },
    { text: 'dns://example.org.:53', zones: ['example.org.'] },
    { text: '10.0.0.0/15', zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
  ])('reads $text', ({ text, zones }) => {
    expect(normalizeZone(text)).toEqual(zones);
  });

  it.each(['', 'a..b', 'x:', '::/0', 'a'.repeat(64)])("refuses '%s'", (text) => {
    expect(() => normalizeZone(text)).toThrow(new RangeError(`unable to normalize '${text}'`));
  });
});
