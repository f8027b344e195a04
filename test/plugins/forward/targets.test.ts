import { describe, expect, it } from 'vitest';
import { readTargets } from '../../../src/plugins/forward/targets.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';

interface Found {
  /** `dns 192.0.2.1 53`, and the server name where there is one. */
  readonly upstreams: string[];
  readonly warnings: readonly string[];
}

interface Line {
  readonly lenient?: boolean;
  readonly serverName?: string;
  readonly sources?: readonly string[];
}

function read(targets: readonly string[], { lenient = false, serverName, sources = [] }: Line = {}): Found {
  const context = fakeContext({ lenient });
  const cursor = cursorOf('forward');
  cursor.next();
  const addresses = readTargets(targets, cursor, context, {
    tlsServerName: serverName,
    sourceAddresses: sources,
  });
  return {
    upstreams: addresses.map(({ protocol, host, port, serverName: name = '', isName }) =>
      [protocol, isName ? `name ${host}` : host, port, name].join(' ').trim(),
    ),
    warnings: context.logLines,
  };
}

describe('an upstream', () => {
  it.each([
    { to: '192.0.2.1', upstream: 'dns 192.0.2.1 53' },
    { to: '192.0.2.1:5353', upstream: 'dns 192.0.2.1 5353' },
    { to: 'dns://192.0.2.1', upstream: 'dns 192.0.2.1 53' },
    { to: 'dns://192.0.2.1:1053', upstream: 'dns 192.0.2.1 1053' },
    { to: '2001:db8::1', upstream: 'dns 2001:db8::1 53' },
    { to: '::1', upstream: 'dns ::1 53' },
    { to: '[2001:db8::1]', upstream: 'dns 2001:db8::1 53' },
    { to: '[2001:db8::1]:5353', upstream: 'dns 2001:db8::1 5353' },
    { to: 'dns://[::1]:5353', upstream: 'dns ::1 5353' },
    { to: 'tls://192.0.2.1', upstream: 'tls 192.0.2.1 853' },
    { to: 'tls://192.0.2.1:8853', upstream: 'tls 192.0.2.1 8853' },
    { to: 'tls://192.0.2.1%dns.example.org', upstream: 'tls 192.0.2.1 853 dns.example.org' },
    { to: 'tls://192.0.2.1%dns.example.org:8853', upstream: 'tls 192.0.2.1 8853 dns.example.org' },
    { to: 'tls://[2001:db8::1]%dns.example.org:8853', upstream: 'tls 2001:db8::1 8853 dns.example.org' },
    { to: 'tls://2001:db8::1%dns.example.org', upstream: 'tls 2001:db8::1 853 dns.example.org' },
    { to: '192.0.2.1%eth0', upstream: 'dns 192.0.2.1 53' },
    { to: 'fe80::1%eth0', upstream: 'dns fe80::1 53' },
  ])('is an address: $to', ({ to, upstream }) => {
    expect(read([to])).toEqual({ upstreams: [upstream], warnings: [] });
  });

  it.each([
    { to: 'dns.example.org', upstream: 'dns name dns.example.org 53' },
    { to: 'dns.example.org.', upstream: 'dns name dns.example.org 53' },
    { to: 'kube-dns.kube-system.svc:1053', upstream: 'dns name kube-dns.kube-system.svc 1053' },
    { to: 'dns://a_b.test:5353', upstream: 'dns name a_b.test 5353' },
    { to: '9.test', upstream: 'dns name 9.test 53' },
    { to: 'localhost', upstream: 'dns name localhost 53' },
    { to: 'tls://dns.example.org', upstream: 'tls name dns.example.org 853' },
    { to: 'tls://dns.example.org%other.test:8853', upstream: 'tls name dns.example.org 8853 other.test' },
  ])('is a host name: $to', ({ to, upstream }) => {
    expect(read([to])).toEqual({ upstreams: [upstream], warnings: [] });
  });

  it('has the server name of the block where it has none of its own', () => {
    expect(read(['tls://192.0.2.1', 'tls://192.0.2.2%same'], { serverName: 'same' }).upstreams).toEqual([
      'tls 192.0.2.1 853 same',
      'tls 192.0.2.2 853 same',
    ]);
  });

  it('is asked once, however often it is named', () => {
    expect(read(['192.0.2.1', 'dns://192.0.2.1:53', '192.0.2.2', '[::1]', '::1']).upstreams).toEqual([
      'dns 192.0.2.1 53',
      'dns 192.0.2.2 53',
      'dns ::1 53',
    ]);
    expect(read(['192.0.2.1:853', 'tls://192.0.2.1', 'tls://192.0.2.1%name']).upstreams).toHaveLength(3);
  });

  it.each([
    { to: 'tls://', error: 'invalid address: "tls://"' },
    { to: 'tls://dns..example.org', error: 'invalid address: "tls://dns..example.org"' },
    { to: 'dns://dns.example.org:0', error: 'invalid address: "dns://dns.example.org:0"' },
    { to: 'dns://a/b', error: 'invalid address: "dns://a/b"' },
    { to: 'dns://192.0.2.1:0', error: 'invalid address: "dns://192.0.2.1:0"' },
    { to: 'dns://192.0.2.1:65536', error: 'invalid address: "dns://192.0.2.1:65536"' },
    { to: 'dns://192.0.2.1:dns', error: 'invalid address: "dns://192.0.2.1:dns"' },
    { to: 'dns://[::1', error: 'invalid address: "dns://[::1"' },
    { to: '192.0.2.256', error: 'not an IP address, file, or valid domain: "192.0.2.256"' },
    { to: '-=.test', error: 'not an IP address, file, or valid domain: "-=.test"' },
    {
      to: `${'a'.repeat(64)}.test`,
      error: `not an IP address, file, or valid domain: "${'a'.repeat(64)}.test"`,
    },
    {
      to: '/nowhere/resolv.conf',
      error: 'not an IP address, file, or valid domain: "/nowhere/resolv.conf"',
    },
    {
      to: 'grpc://192.0.2.1',
      error: "'grpc' is not supported as a destination protocol in forward: grpc://192.0.2.1",
    },
    {
      to: 'https://dns.example.org/dns-query',
      error:
        "'https' is not supported as a destination protocol in forward: https://dns.example.org/dns-query",
    },
  ])('is refused: $to', ({ to, error }) => {
    expect(() => read([to])).toThrow(`Corefile:1 - Error during parsing: ${error}`);
  });

  it('is refused with two server names', () => {
    expect(() => read(['tls://192.0.2.1%a'], { serverName: 'b' })).toThrow(
      "both forward ('b') and proxy level ('a') TLS servernames are set for upstream proxy 'tls://192.0.2.1%a'",
    );
  });
});

describe('an upstream of a family without a source_address', () => {
  it('is refused where it is written', () => {
    expect(read(['192.0.2.1', '::1'], { sources: ['192.0.2.9', '2001:db8::9'] }).upstreams).toHaveLength(2);
    expect(() => read(['192.0.2.1', '[2001:db8::1]:5353'], { sources: ['192.0.2.9'] })).toThrow(
      'Corefile:1 - Error during parsing: no source_address fits the family of upstream [2001:db8::1]:5353: 192.0.2.9',
    );
  });

  it('is left out where it stands in a file', () => {
    const path = tempFile('nameserver 192.0.2.1\nnameserver 2001:db8::1\n', 'resolv.conf');
    expect(read([path], { sources: ['192.0.2.9'] })).toEqual({
      upstreams: ['dns 192.0.2.1 53'],
      warnings: [`warn 2001:db8::1 of ${path} is left out: no source_address fits its family`],
    });
  });

  it('is not known of a host name before its addresses are', () => {
    expect(read(['dns.example.org'], { sources: ['192.0.2.9'] }).upstreams).toHaveLength(1);
  });
});

describe('a file', () => {
  const RESOLV_CONF =
    'search test\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver not-an-address\n';

  it('stands for its name servers', () => {
    const path = tempFile(RESOLV_CONF, 'resolv.conf');
    expect(read([path]).upstreams).toEqual(['dns 192.0.2.1 53', 'dns fe80::1 53']);
  });

  it('stands beside addresses', () => {
    const path = tempFile(RESOLV_CONF, 'resolv.conf');
    expect(read(['192.0.2.9', path]).upstreams).toEqual([
      'dns 192.0.2.9 53',
      'dns 192.0.2.1 53',
      'dns fe80::1 53',
    ]);
  });

  it('comes before a host name that is spelt the same', () => {
    // Where tests run there is such a file, with no name servers in it.
    expect(read(['package.json.test']).upstreams).toEqual(['dns name package.json.test 53']);
    expect(() => read(['package.json'])).toThrow('no valid upstream addresses found');
  });

  it('without name servers is refused', () => {
    const path = tempFile('search test\n', 'resolv.conf');
    expect(() => read([path])).toThrow(
      'Corefile:1 - Error during parsing: no valid upstream addresses found',
    );
  });

  it('that is a directory is refused', () => {
    const path = tempDirectory();
    expect(() => read([path])).toThrow(`not an IP address, file, or valid domain: "${path}"`);
  });

  it('that is missing or empty is a warning where the configuration is the default one', () => {
    expect(read(['/nowhere/resolv.conf'], { lenient: true })).toEqual({
      upstreams: [],
      warnings: [
        "warn cannot read /nowhere/resolv.conf: ENOENT: no such file or directory, stat '/nowhere/resolv.conf'",
        'warn no name servers in /nowhere/resolv.conf: queries for them get SERVFAIL',
      ],
    });
    const path = tempFile('', 'resolv.conf');
    expect(read([path], { lenient: true })).toEqual({
      upstreams: [],
      warnings: [`warn no name servers in ${path}: queries for them get SERVFAIL`],
    });
  });

  it('and an address that is wrong is refused even so', () => {
    expect(() => read(['dns://a/b'], { lenient: true })).toThrow('invalid address: "dns://a/b"');
  });
});
