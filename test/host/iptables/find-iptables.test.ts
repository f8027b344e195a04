import { describe, expect, it } from 'vitest';
import { findIptables } from '../../../src/host/iptables/find-iptables.ts';
import { fakeFiles, fakeHost } from './fake-host.ts';
import type { Answer } from './fake-host.ts';

const VERSIONS = {
  'iptables-nft --version': 'iptables v1.8.9 (nf_tables)',
  'iptables-legacy --version': 'iptables v1.8.9 (legacy)',
};
const SAVES = {
  'iptables-nft-save': '',
  'ip6tables-nft-save': '',
  'iptables-legacy-save': '',
  'ip6tables-legacy-save': '',
};
const BOTH = { ...VERSIONS, ...SAVES };
const LEGACY_MANGLE = { '/proc/net/ip_tables_names': 'mangle\nfilter\n' };
const CANARY = ':KUBE-KUBELET-CANARY - [0:0]\n';

const chosen = async (
  answers: Readonly<Record<string, Answer>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  const found = await findIptables(fakeHost(answers).run, fakeFiles(files));
  return found?.chosen.nameFor(4);
};

describe('the flavour of iptables', () => {
  it('is nft on a host without rules', async () => {
    expect(await chosen(BOTH)).toBe('iptables-nft');
  });

  it('is the one where kubelet left its hint', async () => {
    expect(await chosen({ ...BOTH, 'iptables-legacy-save -t mangle': CANARY }, LEGACY_MANGLE)).toBe(
      'iptables-legacy',
    );
    const both = {
      ...BOTH,
      'ip6tables-nft-save -t mangle': CANARY,
      'iptables-legacy-save -t filter': '-A INPUT -j DROP\n'.repeat(50),
    };
    expect(await chosen(both, LEGACY_MANGLE)).toBe('iptables-nft');
  });

  it('is the one with more rules where there is no kubelet', async () => {
    const rules = { ...BOTH, 'iptables-legacy-save -t filter': '-A INPUT -j DROP\n-A INPUT -j mine\n' };
    expect(await chosen(rules, LEGACY_MANGLE)).toBe('iptables-legacy');
    const more = { ...rules, 'iptables-nft-save -t raw': '-A OUTPUT -j mine\n'.repeat(3) };
    expect(await chosen(more, LEGACY_MANGLE)).toBe('iptables-nft');
  });

  it('is found without touching legacy tables that the host does not have', async () => {
    const host = fakeHost(BOTH);
    await findIptables(host.run, fakeFiles({ '/proc/net/ip_tables_names': 'filter\n' }));
    expect(host.asked.filter((line) => line.includes('legacy-save'))).toEqual([
      'iptables-legacy-save -t filter',
    ]);
  });

  it.each([
    { version: 'iptables v1.8.9 (nf_tables)', flavour: 'nft' },
    { version: 'iptables v1.8.9 (legacy)', flavour: 'legacy' },
    { version: 'iptables v1.6.1', flavour: 'legacy' },
  ])('is what $version says where there are no programs for each', async ({ version, flavour }) => {
    const host = fakeHost({ 'iptables --version': version, 'iptables-save': '', 'ip6tables-save': '' });
    const found = await findIptables(host.run, fakeFiles({}));
    expect(found?.chosen.flavour).toBe(flavour);
    expect(found?.chosen.nameFor(6)).toBe('ip6tables');
  });

  it('is legacy where the kernel has no nf_tables', async () => {
    const stderr = 'iptables: Failed to initialize nft: Protocol not supported';
    expect(await chosen({ ...BOTH, 'iptables-nft-save': { code: 1, stderr } })).toBe('iptables-legacy');
  });

  it('can be told on a host without IPv6', async () => {
    const stderr = 'Address family not supported by protocol';
    expect(await chosen({ ...BOTH, 'ip6tables-nft-save': { code: 3, stderr } })).toBe('iptables-nft');
  });

  it('is none without iptables', async () => {
    expect(await findIptables(fakeHost({}).run, fakeFiles({}))).toBeUndefined();
  });

  const LEGACY_DENIED = {
    'iptables-legacy-save': { code: 1, stderr: 'Cannot initialize: Permission denied (you must be root)' },
  };

  it('is one that can be looked at, and why the other cannot is told', async () => {
    const { run } = fakeHost({ ...BOTH, ...LEGACY_DENIED });
    const found = await findIptables(run, fakeFiles(LEGACY_MANGLE));
    expect(found?.all.map(({ flavour }) => flavour)).toEqual(['nft']);
    expect(found?.denied).toMatchObject({ name: 'HostError', code: 'permission' });
  });

  it('is none without the capability for any', async () => {
    const stderr = 'Could not fetch rule set generation id: Permission denied (you must be root)';
    const none = { ...BOTH, ...LEGACY_DENIED, 'iptables-nft-save': { code: 4, stderr } };
    const { run } = fakeHost(none);
    const denied = findIptables(run, fakeFiles(LEGACY_MANGLE));
    await expect(denied).rejects.toMatchObject({ name: 'HostError', code: 'permission' });
  });
});
