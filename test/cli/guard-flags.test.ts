import { describe, expect, it } from 'vitest';
import { readGuardFlags, readRunFlags } from '../../src/cli/guard-flags.ts';
import type { RunFlags } from '../../src/cli/guard-flags.ts';
import { readPlainFlags } from '../../src/cli/plain-flags.ts';

function read(line: string, env: Readonly<Record<string, string>> = {}): RunFlags {
  const values = readPlainFlags('run', line === '' ? [] : line.split(' '), env);
  if (values === undefined) throw new Error('not plain');
  return readRunFlags(values, '1.2.3');
}

describe('the flags of run', () => {
  it('are, by default, what the documentation says', () => {
    expect(read('')).toEqual({
      conf: undefined,
      baseCorefile: undefined,
      localip: undefined,
      dnsPort: 53,
      healthPort: 8080,
      setupInterface: true,
      interfaceName: 'nodelocaldns',
      interfaceType: 'dummy',
      rules: 'auto',
      leaseMs: 1000,
      probeIntervalMs: 250,
      syncIntervalMs: 60_000,
      pagesAddress: '0.0.0.0:9353',
      skipTeardown: false,
      onceClean: false,
      logFormat: 'text',
      debug: false,
      pidfile: undefined,
      version: '1.2.3',
      user: 65_532,
      frozenAfterMs: 3000,
      listPlugins: false,
    });
  });

  it.each<[string, Partial<RunFlags>]>([
    ['-setupiptables=false', { rules: 'none' }],
    ['-setupiptables=false --rules nft', { rules: 'none' }],
    ['--rules iptables', { rules: 'iptables' }],
    ['-setupinterface=F', { setupInterface: false }],
    ['--interface-type bridge', { interfaceType: 'bridge' }],
    ['-health-port 0', { healthPort: undefined }],
    ['-user root', { user: 0 }],
    ['-user 0', { user: 0 }],
    ['-user 1000', { user: 1000 }],
    ['-lease 2s', { leaseMs: 2000, probeIntervalMs: 250 }],
    ['-skipteardown', { skipTeardown: true }],
    ['-p 1053', { dnsPort: 1053 }],
    ['-conf C -basecorefile B', { conf: 'C', baseCorefile: 'B' }],
    ['-corefile C', { conf: 'C' }],
    ['-corefile C -conf D', { conf: 'D' }],
  ])('%s', (line, expected) => {
    expect(read(line)).toMatchObject(expected);
  });

  it.each([
    ['-p 0', '--dns.port: expected a port from 1 to 65535, found "0"'],
    ['-health-port http', '--health-port: expected a port from 0 to 65535, found "http"'],
    ['-interfacename a/b', '-interfacename: "a/b" is no name for an interface'],
    ['-interfacename sixteen-octets-x', '-interfacename: "sixteen-octets-x" is no name'],
    ['-user nobody', '--user: expected a user id or root, found "nobody"'],
    ['-user 4294967295', '--user: expected a user id or root, found "4294967295"'],
    ['-metrics-listen-address 9353', '--metrics-listen-address: address 9353: missing port in address'],
    ['-syncinterval never', '--syncinterval: time: invalid duration "never"'],
    ['-conf stdin', '--conf: expected a file'],
    ['-lease 5s -probe-interval 2s -frozen-after 9s', '--probe-interval: expected at most a quarter'],
    ['-lease 10s -probe-interval 2s', '--frozen-after: expected at least 4 probes, 8s, found "3s"'],
  ])('refuses %s', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});

it('guard has those that concern no child', () => {
  const values = readPlainFlags('guard', ['-localip', '169.254.20.10', '-once-clean'], {});
  expect(readGuardFlags(values ?? {}, '1')).toMatchObject({ localip: '169.254.20.10', onceClean: true });
});
