import { describe, expect, it } from 'vitest';
import { readTargets } from '../../../src/plugins/forward/targets.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';

interface Found {
  /** `dns 192.0.2.1 53`, and the server name where there is one. */
  readonly upstreams: string[];
  readonly warnings: readonly string[];
}

function read(targets: readonly string[], { lenient = false, serverName = '' } = {}): Found {
  const context = fakeContext({ lenient });
  const cursor = cursorOf('forward');
  cursor.next();
  const addresses = readTargets(targets, cursor, context, serverName === '' ? undefined : serverName);
  return {
    upstreams: addresses.map((address) =>
      [address.protocol, address.host, address.port, address.serverName ?? ''].join(' ').trim(),
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
    { to: 'tls://dns.example.org', error: 'invalid address: "tls://dns.example.org"' },
    { to: 'dns://192.0.2.1:0', error: 'invalid address: "dns://192.0.2.1:0"' },
    { to: 'dns://192.0.2.1:65536', error: 'invalid address: "dns://192.0.2.1:65536"' },
    { to: 'dns://192.0.2.1:dns', error: 'invalid address: "dns://192.0.2.1:dns"' },
    { to: 'dns://[::1', error: 'invalid address: "dns://[::1"' },
    { to: '192.0.2.256', error: 'not an IP address or file: "192.0.2.256"' },
    { to: 'dns.example.org', error: 'not an IP address or file: "dns.example.org"' },
    { to: '/nowhere/resolv.conf', error: 'not an IP address or file: "/nowhere/resolv.conf"' },
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

  it('without name servers is refused', () => {
    const path = tempFile('search test\n', 'resolv.conf');
    expect(() => read([path])).toThrow(
      'Corefile:1 - Error during parsing: no valid upstream addresses found',
    );
  });

  it('that is a directory is refused', () => {
    const path = tempDirectory();
    expect(() => read([path])).toThrow(`not an IP address or file: "${path}"`);
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
    expect(() => read(['dns://nonsense'], { lenient: true })).toThrow('invalid address: "dns://nonsense"');
  });
});
