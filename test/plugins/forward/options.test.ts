import { describe, expect, it } from 'vitest';
import { readForwardOptions } from '../../../src/plugins/forward/options.ts';
import type { ForwardOptions } from '../../../src/plugins/forward/options.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempFile } from '../../support/temp-file.ts';

function read(text: string, context = fakeContext()): ForwardOptions {
  const cursor = cursorOf(text);
  cursor.next();
  return readForwardOptions(cursor, context);
}

const block = (line: string, to = '192.0.2.1'): string => `forward . ${to} {\n ${line}\n}`;

/** What `tls` read. */
const tlsOf = (line: string): Record<string, string> => {
  const { tls = {} } = read(block(line));
  return Object.fromEntries(Object.entries(tls).map(([name, value]) => [name, String(value)]));
};

describe('a forward line', () => {
  it('has the defaults of CoreDNS', () => {
    expect(read('forward . 192.0.2.1 192.0.2.2')).toMatchObject({
      from: Uint8Array.of(0),
      except: [],
      policy: 'random',
      forceTcp: false,
      preferUdp: false,
      maxFails: 2,
      healthCheckIntervalMs: 500,
      healthCheckRecursion: true,
      healthCheckDomain: Uint8Array.of(0),
      expireMs: 10_000,
      maxAgeMs: 0,
      maxIdleConnections: 0,
      readTimeoutMs: 2_000,
      maxConcurrent: 0,
      maxQps: 0,
      hedge: false,
      maxConnectAttempts: undefined,
      failfastAllUnhealthy: false,
      nextRcodes: new Set(),
      nextOnNodata: false,
      failoverRcodes: new Set(),
      tls: undefined,
      tlsServerName: undefined,
      sourceAddresses: [],
      resolvers: [],
    });
  });

  it.each([
    { from: '.', zone: '.' },
    { from: 'Example.ORG', zone: 'example.org.' },
    { from: 'dns://example.org:53', zone: 'example.org.' },
    { from: '10.0.0.0/24', zone: '0.0.10.in-addr.arpa.' },
  ])('forwards a zone: $from', ({ from, zone }) => {
    expect(nameToText(read(`forward ${from} 192.0.2.1`).from)).toBe(zone);
  });

  it('takes the first zone of a network that is more than one, and says so', () => {
    const context = fakeContext();
    expect(nameToText(read('forward 10.0.0.0/15 192.0.2.1', context).from)).toBe('0.10.in-addr.arpa.');
    expect(context.logLines).toEqual([
      "warn Unsupported CIDR notation: '10.0.0.0/15' expands to multiple zones. Using only '0.10.in-addr.arpa.'.",
    ]);
  });

  it.each<{ line: string; options: Partial<ForwardOptions> }>([
    { line: 'policy random', options: { policy: 'random' } },
    { line: 'policy round_robin', options: { policy: 'round_robin' } },
    { line: 'policy sequential', options: { policy: 'sequential' } },
    { line: 'force_tcp', options: { forceTcp: true } },
    { line: 'prefer_udp', options: { preferUdp: true } },
    { line: 'max_fails 0', options: { maxFails: 0 } },
    { line: 'max_fails 7', options: { maxFails: 7 } },
    { line: 'health_check 5s', options: { healthCheckIntervalMs: 5000, healthCheckRecursion: true } },
    { line: 'health_check 0', options: { healthCheckIntervalMs: 0 } },
    { line: 'health_check 5s no_rec', options: { healthCheckRecursion: false } },
    {
      line: 'health_check 5s domain example.org no_rec',
      options: { healthCheckDomain: Buffer.from('\u0007example\u0003org\0'), healthCheckRecursion: false },
    },
    { line: 'expire 1m', options: { expireMs: 60_000 } },
    { line: 'expire 0', options: { expireMs: 0 } },
    { line: 'max_age 10s', options: { maxAgeMs: 10_000 } },
    { line: 'max_age 0', options: { maxAgeMs: 0 } },
    { line: 'expire 1s\n max_age 2s', options: { maxAgeMs: 2_000 } },
    { line: 'max_idle_conns 3', options: { maxIdleConnections: 3 } },
    { line: 'read_timeout 500ms', options: { readTimeoutMs: 500 } },
    { line: 'max_concurrent 1000', options: { maxConcurrent: 1000 } },
    { line: 'max_qps 1000', options: { maxQps: 1000 } },
    { line: 'max_qps 0', options: { maxQps: 0 } },
    { line: 'hedge', options: { hedge: true } },
    { line: 'max_connect_attempts 0', options: { maxConnectAttempts: 0 } },
    { line: 'max_connect_attempts 9', options: { maxConnectAttempts: 9 } },
    { line: 'failfast_all_unhealthy_upstreams', options: { failfastAllUnhealthy: true } },
    { line: 'next NXDOMAIN', options: { nextRcodes: new Set([3]) } },
    { line: 'next NoError refused\n next SERVFAIL', options: { nextRcodes: new Set([0, 5, 2]) } },
    { line: 'next_on_nodata', options: { nextOnNodata: true } },
    { line: 'failover SERVFAIL refused', options: { failoverRcodes: new Set([2, 5]) } },
    { line: 'tls', options: { tls: {} } },
    { line: 'source_address 192.0.2.9', options: { sourceAddresses: ['192.0.2.9'] } },
    {
      line: 'source_address 2001:db8::9 192.0.2.9',
      options: { sourceAddresses: ['2001:db8::9', '192.0.2.9'] },
    },
    {
      line: 'source_address 192.0.2.8\n source_address 192.0.2.9',
      options: { sourceAddresses: ['192.0.2.9'] },
    },
    {
      line: 'resolver 192.0.2.8 192.0.2.9:5353\n resolver ::1 [::1]:5353',
      options: {
        resolvers: [
          { host: '192.0.2.8', port: 53 },
          { host: '192.0.2.9', port: 5353 },
          { host: '::1', port: 53 },
          { host: '::1', port: 5353 },
        ],
      },
    },
    { line: 'tls_servername dns.example.org', options: { tlsServerName: 'dns.example.org' } },
  ])('takes: $line', ({ line, options }) => {
    const readOptions = read(block(line));
    for (const [name, value] of Object.entries(options)) {
      const found: unknown = Reflect.get(readOptions, name);
      expect(found instanceof Uint8Array ? Buffer.from(found) : found).toEqual(value);
    }
  });

  it('takes zones that are not forwarded', () => {
    const options = read(block('except a.test B.test.\n except 10.0.0.0/15'));
    expect(options.except.map((name) => nameToText(name))).toEqual([
      'a.test.',
      'b.test.',
      '0.10.in-addr.arpa.',
      '1.10.in-addr.arpa.',
    ]);
  });

  it('reads certificate, key and authorities', () => {
    const [cert, key, ca] = ['the cert', 'the key', 'the ca'].map((text) => tempFile(text));
    expect(tlsOf(`tls ${ca}`)).toEqual({ ca: 'the ca' });
    expect(tlsOf(`tls ${cert} ${key}`)).toEqual({ cert: 'the cert', key: 'the key' });
    expect(tlsOf(`tls ${cert} ${key} ${ca}`)).toEqual({ cert: 'the cert', key: 'the key', ca: 'the ca' });
  });

  it('takes 15 upstreams', () => {
    const addresses = Array.from({ length: 15 }, (_, i) => `192.0.2.${i}`).join(' ');
    expect(read(`forward . ${addresses}`)).toMatchObject({ upstreams: { length: 15 } });
  });
});

const parsing = (line: number, error: string): string => `Corefile:${line} - Error during parsing: ${error}`;
const ARGUMENTS = (after: string): string =>
  `Wrong argument count or unexpected line ending after '${after}'`;

describe('a forward line is refused', () => {
  it.each([
    { text: 'forward', error: ARGUMENTS('forward') },
    { text: 'forward .', error: ARGUMENTS('.') },
    { text: 'forward a..b 192.0.2.1', error: "unable to normalize 'a..b'" },
    {
      text: `forward . ${Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`).join(' ')}`,
      error: 'more than 15 TOs configured: 16',
    },
  ])('$text', ({ text, error }) => {
    expect(() => read(text)).toThrow(parsing(1, error));
  });

  it.each([
    { line: 'unknown', error: "unknown property 'unknown'" },
    { line: 'toString', error: "unknown property 'toString'" },
    { line: 'doh_method GET', error: "unknown property 'doh_method'" },
    { line: 'except', error: ARGUMENTS('except') },
    { line: 'except a..b', error: "unable to normalize 'a..b'" },
    { line: 'policy', error: ARGUMENTS('policy') },
    { line: 'policy random sequential', error: ARGUMENTS('sequential') },
    { line: 'policy fastest', error: "unknown policy 'fastest'" },
    { line: 'force_tcp yes', error: ARGUMENTS('yes') },
    { line: 'prefer_udp yes', error: ARGUMENTS('yes') },
    { line: 'max_fails', error: ARGUMENTS('max_fails') },
    { line: 'max_fails x', error: 'strconv.Atoi: parsing "x": invalid syntax' },
    { line: 'max_fails -1', error: "max_fails can't be negative: -1" },
    { line: 'health_check', error: ARGUMENTS('health_check') },
    { line: 'health_check 5', error: 'time: missing unit in duration "5"' },
    { line: 'health_check -5s', error: "health_check can't be negative: -5s" },
    { line: 'health_check 5s often', error: 'health_check: unknown option often' },
    { line: 'health_check 5s domain', error: ARGUMENTS('domain') },
    { line: 'health_check 5s domain a..b', error: 'health_check: invalid domain name a..b' },
    { line: 'expire', error: ARGUMENTS('expire') },
    { line: 'expire x', error: 'time: invalid duration "x"' },
    { line: 'expire -1s', error: "expire can't be negative: -1s" },
    { line: 'max_age -1s', error: "max_age can't be negative: -1s" },
    { line: 'max_idle_conns -1', error: "max_idle_conns can't be negative: -1" },
    { line: 'max_idle_conns 1 2', error: ARGUMENTS('2') },
    { line: 'read_timeout 0s', error: 'read_timeout must be positive: 0s' },
    { line: 'read_timeout -1s', error: 'read_timeout must be positive: -1s' },
    { line: 'max_concurrent -1', error: "max_concurrent can't be negative: -1" },
    { line: 'max_concurrent many', error: 'strconv.Atoi: parsing "many": invalid syntax' },
    { line: 'max_qps', error: ARGUMENTS('max_qps') },
    { line: 'max_qps -1', error: "max_qps can't be negative: -1" },
    { line: 'max_qps many', error: 'strconv.Atoi: parsing "many": invalid syntax' },
    { line: 'hedge 5', error: ARGUMENTS('5') },
    { line: 'max_connect_attempts -1', error: "max_connect_attempts can't be negative: -1" },
    { line: 'failfast_all_unhealthy_upstreams yes', error: ARGUMENTS('yes') },
    { line: 'next', error: ARGUMENTS('next') },
    { line: 'next OOPS', error: 'OOPS is not a valid rcode' },
    { line: 'next_on_nodata yes', error: ARGUMENTS('yes') },
    { line: 'failover', error: ARGUMENTS('failover') },
    { line: 'failover OOPS', error: 'OOPS is not a valid rcode' },
    { line: 'failover NoError', error: 'NoError cannot be used in failover' },
    { line: 'tls a b c d', error: ARGUMENTS('d') },
    { line: 'tls /nowhere/ca.pem', error: 'open /nowhere/ca.pem: ENOENT' },
    { line: 'source_address', error: ARGUMENTS('source_address') },
    { line: 'source_address eth0', error: 'invalid IP address: eth0' },
    { line: 'source_address 192.0.2.9:53', error: 'invalid IP address: 192.0.2.9:53' },
    { line: 'source_address fe80::1%eth0', error: 'invalid IP address: fe80::1%eth0' },
    {
      line: 'source_address 192.0.2.8 192.0.2.9',
      error: 'more than one source_address for IPv4: 192.0.2.9',
    },
    { line: 'resolver', error: ARGUMENTS('resolver') },
    ...['dns.test', '192.0.2.9:', '192.0.2.9:0', '192.0.2.9:65536', '[192.0.2.9]:53', '::1%lo'].map(
      (text) => ({
        line: `resolver 192.0.2.8 ${text}`,
        error: `resolver must be an IP address or IP:port: "${text}"`,
      }),
    ),
    { line: 'tls_servername', error: ARGUMENTS('tls_servername') },
    { line: 'tls_servername a b', error: ARGUMENTS('b') },
  ])('for its option: $line', ({ line, error }) => {
    expect(() => read(block(line))).toThrow(parsing(2, error));
  });

  it.each([
    { line: 'max_age 5s', error: 'max_age (5s) must not be less than expire (10s)' },
    { line: 'max_age 1m30s\n expire 2m', error: 'max_age (1m30s) must not be less than expire (2m0s)' },
  ])('for options that contradict each other: $line', ({ line, error }) => {
    expect(() => read(block(line))).toThrow(error);
  });
});
