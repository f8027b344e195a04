/** What only nftables does, on a real kernel: weaker forms, refusals, whose answers keep the lease, firewalls of others. */
import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/host/host-error.ts';
import { LOOKS_BETWEEN_SWEEPS } from '../../../src/host/iptables/accept-rules.ts';
import { openNftRules } from '../../../src/host/nft/open-nft-rules.ts';
import { openRules } from '../../../src/host/open-rules.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { eventually } from '../../support/eventually.ts';
import { requireLab } from '../support/namespace.ts';
import { NOERROR } from './agent-calls.ts';
import { ADDRESSES, DNS_PORT, RulesLab } from './rules-lab.ts';

const { available, reason } = requireLab('nft', 'iptables', 'setpriv');
const PLAN: InterceptionPlan = {
  addresses: Object.values(ADDRESSES),
  dnsPort: DNS_PORT,
  healthPort: undefined,
  leaseMs: 1_000,
};
const QUERY = { protocol: 'udp', address: ADDRESSES.ipv4, port: DNS_PORT, rcode: NOERROR } as const;

/** A host whose nft does not know the words. */
const without =
  (words: RegExp, run: RunTool): RunTool =>
  (about, call) =>
    words.test(call.stdin ?? '')
      ? Promise.resolve({ code: 1, stdout: '', stderr: 'Error: syntax error, unexpected string' })
      : run(about, call);

describe.skipIf(!available)(`nftables alone ${reason}`, () => {
  it.each([
    { name: 'fib', words: /fib daddr/ },
    { name: 'socket wildcard', words: /socket wildcard/ },
    { name: 'socket', words: /socket \w/ },
    { name: 'any of them', words: /fib daddr|socket \w/ },
  ])('intercepts, with a lease, without $name', async ({ words }) => {
    const lab = await RulesLab.create();
    const server = lab.startServer();
    await server.listen(QUERY);
    const rules = await openNftRules(PLAN, without(words, lab.run));
    expect(rules.weaknesses).not.toEqual([]);
    await rules.install(PLAN.addresses);
    expect(await lab.podAgent.ask(QUERY)).toBe('rcode 0');
    expect((await rules.inspect()).standing).toBe('complete');
    await server.kill();
    await eventually(async () => (await lab.podAgent.ask(QUERY)) === 'authoritative rcode 0');
  });

  it('is told apart from a weaker form that stands', async () => {
    const lab = await RulesLab.create();
    const weaker = await openNftRules(PLAN, without(/fib daddr/, lab.run));
    await weaker.install([]);
    const rules = await openNftRules(PLAN, lab.run);
    expect((await rules.inspect()).standing).toBe('damaged');
  });

  it('gives somebody else who listens on all addresses no say about the lease', async () => {
    const lab = await RulesLab.create();
    const stranger = lab.startServer();
    await stranger.listen({ ...QUERY, address: '0.0.0.0' });
    // So that it answers from the address that it was asked at, as most servers take care to.
    const route = ['table', 'local', 'local', ADDRESSES.ipv4, 'dev', 'nodelocaldns', 'proto', 'kernel'];
    lab.node.run('ip', 'route', 'change', ...route, 'src', ADDRESSES.ipv4);
    const rules = await openNftRules(PLAN, lab.run);
    await rules.install(PLAN.addresses);
    // A process of the host has no socket test on its way: its queries reach the stranger, for one lease.
    expect(await lab.hostAgent.ask(QUERY)).toBe('rcode 0');
    await eventually(async () => {
      await lab.hostAgent.ask(QUERY);
      return !(await rules.inspect()).live.includes(QUERY.address);
    });
  });

  it('says that NET_ADMIN is missing', async () => {
    const lab = await RulesLab.create();
    const unprivileged: RunTool = (about, call) =>
      lab.run(about, {
        ...call,
        command: 'setpriv',
        args: ['--bounding-set=-net_admin', '--inh-caps=-net_admin', call.command, ...call.args],
      });
    const opened = openNftRules(PLAN, unprivileged);
    await expect(opened).rejects.toBeInstanceOf(HostError);
    await expect(opened).rejects.toMatchObject({ code: 'permission' });
    await expect(opened).rejects.toThrow(/NET_ADMIN/);
  });

  it.each([
    { name: 'by policy', chain: 'policy drop; ct state established accept' },
    { name: 'by its last rule', chain: 'policy accept; ct state established accept; counter reject' },
  ])('names a firewall that drops $name', async ({ chain }) => {
    const lab = await RulesLab.create();
    lab.node.run(
      'nft',
      `table inet firewall { chain strict { type filter hook input priority 0; ${chain}; }; }`,
    );
    const rules = await openNftRules(PLAN, lab.run);
    expect(rules.weaknesses).toEqual([expect.stringMatching(/chain strict .* inet firewall drops/)]);
  });

  it('finds nothing to say of a firewall that accepts, and of tables of iptables', async () => {
    const lab = await RulesLab.create();
    lab.node.run(
      'nft',
      'table inet firewall { chain mild { type filter hook input priority 0; policy accept; ct state invalid drop; }; }',
    );
    lab.node.run('iptables-nft', '-P', 'INPUT', 'DROP');
    expect((await openNftRules(PLAN, lab.run)).weaknesses).toEqual([]);
  });

  it('reaches the server through an iptables that drops by default, in both families', async () => {
    const lab = await RulesLab.create();
    const server = lab.startServer();
    const { port, rcode } = QUERY;
    const ways = PLAN.addresses.flatMap((address) =>
      (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port, rcode })),
    );
    await server.listen(...ways);
    for (const tool of ['iptables', 'ip6tables']) {
      for (const chain of ['INPUT', 'OUTPUT']) lab.node.run(tool, '-P', chain, 'DROP');
    }
    // Neighbours are asked for what they are; all else needs our rules.
    for (const chain of ['INPUT', 'OUTPUT']) {
      lab.node.run('ip6tables', '-A', chain, '-p', 'icmpv6', '-j', 'ACCEPT');
    }
    const rules = await openRules('nft', PLAN, lab.run);
    await rules.install(PLAN.addresses);
    for (const way of ways) expect(await lab.podAgent.ask(way)).toBe('rcode 0');
    expect((await rules.inspect()).standing).toBe('complete');
    lab.node.run('iptables', '-F', 'INPUT');
    expect((await rules.inspect()).standing).toBe('damaged');
    await rules.remove();
    expect(lab.node.run('iptables-save', '-t', 'filter')).not.toContain('NodeLocal');
  });

  it('reaches the server through an iptables that began to drop after it, in both families', async () => {
    const lab = await RulesLab.create();
    const server = lab.startServer();
    const { port, rcode } = QUERY;
    const ways = PLAN.addresses.flatMap((address) =>
      (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port, rcode })),
    );
    await server.listen(...ways);
    const rules = await openRules('nft', PLAN, lab.run);
    await rules.install(PLAN.addresses);
    expect((await rules.inspect()).standing).toBe('complete');
    for (const tool of ['iptables', 'ip6tables']) {
      // As firewalls have it: this host's own packets are not asked for, so that probes go on being answered.
      lab.node.run(tool, '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT');
      lab.node.run(tool, '-P', 'INPUT', 'DROP');
    }
    lab.node.run('ip6tables', '-A', 'INPUT', '-p', 'icmpv6', '-j', 'ACCEPT');
    for (const way of ways) expect(await lab.hostAgent.ask(way)).toBe('rcode 0');
    for (const way of ways) expect(await lab.podAgent.ask(way)).toBe('nothing');
    let looks = 1;
    while ((await rules.inspect()).standing === 'complete' && looks <= LOOKS_BETWEEN_SWEEPS) looks++;
    expect(looks).toBeLessThanOrEqual(LOOKS_BETWEEN_SWEEPS);
    await rules.install(PLAN.addresses);
    for (const way of ways) expect(await lab.podAgent.ask(way)).toBe('rcode 0');
    expect((await rules.inspect()).standing).toBe('complete');
    await rules.remove();
    for (const tool of ['iptables-save', 'ip6tables-save']) {
      expect(lab.node.run(tool, '-t', 'filter')).not.toContain('NodeLocal');
    }
  });

  it("takes the place of node-cache's rules", async () => {
    const lab = await RulesLab.create();
    const comment = ['-m', 'comment', '--comment', 'NodeLocal DNS Cache: skip conntrack'];
    const rule = ['-p', 'udp', '-d', ADDRESSES.ipv4, '--dport', '53', '-j', 'NOTRACK', ...comment];
    lab.node.run('iptables', '-t', 'raw', '-I', 'PREROUTING', ...rule);
    const rules = await openRules('auto', PLAN, lab.run);
    expect(rules.backend).toBe('nft');
    await rules.install([]);
    expect(lab.node.run('iptables-save', '-t', 'raw')).not.toContain('NOTRACK');
    expect(await lab.podAgent.ask(QUERY)).toBe('authoritative rcode 0');
  });

  it('leaves its place to iptables where that is chosen', async () => {
    const lab = await RulesLab.create();
    await (await openRules('nft', PLAN, lab.run)).install([]);
    const rules = await openRules('iptables', PLAN, lab.run);
    await rules.install([]);
    expect(lab.node.run('nft', 'list', 'tables')).not.toContain('nodelocaldns\n');
    expect((await rules.inspect()).standing).toBe('complete');
  });
});
