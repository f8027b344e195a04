/** With which privileges `serve` is started, by what is allowed here. */
import { describe, expect, it } from 'vitest';
import {
  capabilitiesIn,
  mayAdministerNetwork,
  privilegesBySetpriv,
  privilegesWithoutSetpriv,
} from '../../src/guard/child-privileges.ts';
import type { Circumstances } from '../../src/guard/child-privileges.ts';

const BITS = { kill: 5, setgid: 6, setuid: 7, setpcap: 8, netBind: 10, netAdmin: 12 };
type Capability = keyof typeof BITS;
const ALL = Object.keys(BITS) as Capability[];

const capabilities = (names: readonly Capability[]): bigint =>
  names.reduce((sum, name) => sum | (1n << BigInt(BITS[name])), 0n);

const without = (...names: readonly Capability[]): bigint =>
  capabilities(ALL.filter((name) => !names.includes(name)));

const root = (overrides: Partial<Circumstances> = {}): Circumstances => ({
  ownUser: 0,
  capabilities: capabilities(ALL),
  user: 65_532,
  dnsPort: 53,
  unprivilegedPort: 1024,
  ...overrides,
});

describe('by setpriv', () => {
  it('root gives its child another user, port 53 and nothing else', () => {
    expect(privilegesBySetpriv('/bin/setpriv', root())).toEqual({
      prefix: [
        '/bin/setpriv',
        '--reuid=65532',
        '--regid=65532',
        '--clear-groups',
        '--inh-caps=-all,+net_bind_service',
        '--ambient-caps=-all,+net_bind_service',
        '--bounding-set=-all,+net_bind_service',
        '--no-new-privs',
        '--pdeathsig=KILL',
        '--',
      ],
      spawnAs: undefined,
      runsAs: 65_532,
      endsWithParentBy: 'kernel',
      weaknesses: [],
    });
  });

  it.each<[string, Partial<Circumstances>, number, RegExp[]]>([
    ['root is kept', { user: 0 }, 0, []],
    [
      'nobody could be another user',
      { capabilities: without('setuid') },
      0,
      [/^serve runs as root: .*65532$/],
    ],
    ['nobody could signal it', { capabilities: without('kill') }, 0, [/^serve runs as root: /]],
    ['no bounding set, and root kept', { user: 0, capabilities: without('setpcap') }, 0, [/SETPCAP/]],
    ['no bounding set, which another user does not need', { capabilities: without('setpcap') }, 65_532, []],
    ['port 53 cannot be bound', { capabilities: without('netBind') }, 65_532, [/NET_BIND_SERVICE/]],
    ['port 53 is everybody’s', { capabilities: without('netBind'), unprivilegedPort: 0 }, 65_532, []],
    [
      'we are nobody ourselves',
      { ownUser: 1000, capabilities: capabilities(['netAdmin', 'netBind']) },
      1000,
      [],
    ],
  ])('%s', (_name, overrides, runsAs, weaknesses) => {
    const privileges = privilegesBySetpriv('setpriv', root(overrides));
    expect(privileges.runsAs).toBe(runsAs);
    expect(privileges.prefix.includes('--clear-groups')).toBe(runsAs === 65_532);
    expect(privileges.weaknesses).toEqual(weaknesses.map((pattern) => expect.stringMatching(pattern)));
    // In no case may it keep what changes the host's network.
    expect(privileges.prefix).toContainEqual(
      expect.stringMatching(/^--inh-caps=-all(,\+net_bind_service)?$/),
    );
    expect(privileges.prefix).toContainEqual(
      expect.stringMatching(/^--ambient-caps=-all(,\+net_bind_service)?$/),
    );
  });
});

describe('without setpriv', () => {
  it.each<[string, Partial<Circumstances>, number | undefined, RegExp]>([
    ['port 53 needs root', {}, undefined, /^without setpriv of util-linux \(not here\) serve runs as root/],
    ['a high port does not', { dnsPort: 1053 }, 65_532, /could gain privileges/],
    ['nor does port 53 where it is everybody’s', { unprivilegedPort: 53 }, 65_532, /could gain/],
    [
      'nobody could be another user',
      { dnsPort: 1053, capabilities: without('setgid') },
      undefined,
      /as root/,
    ],
    ['root is kept', { dnsPort: 1053, user: 0 }, undefined, /as root/],
  ])('%s', (_name, overrides, uid, weakness) => {
    const privileges = privilegesWithoutSetpriv('not here', root(overrides));
    expect(privileges.spawnAs?.uid).toBe(uid);
    expect(privileges.runsAs).toBe(uid ?? 0);
    expect(privileges.endsWithParentBy).toBe('itself');
    expect(privileges.weaknesses).toEqual([expect.stringMatching(weakness)]);
  });
});

it('reads capabilities from the status of a process', () => {
  const status = 'Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t0000000000001400\nCapBnd:\tffffffff\n';
  expect(capabilitiesIn(status)).toBe(0x1400n);
  expect(mayAdministerNetwork(0x1400n)).toBe(true);
  expect(mayAdministerNetwork(0x0400n)).toBe(false);
  expect(capabilitiesIn('')).toBe(0n);
});
