/** What node-cache left on a host: replaced by rules with a lease while pods go on asking, in one step, or taken away for good. */
import { describe, expect, it } from 'vitest';
import { cleanFormerRules } from '../../../src/host/iptables/clean-former.ts';
import { openIptablesRules } from '../../../src/host/iptables/iptables-rules.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { ADDRESSES, RulesLab } from '../rules/rules-lab.ts';
import type { RemoteAgent } from '../rules/remote-agent.ts';
import type { Namespace } from '../support/namespace.ts';
import { requireLab } from '../support/namespace.ts';
import { FLAVOURS, nodeCacheRules, onlyFlavour, PROGRAMS, saved } from './flavours.ts';
import type { FlavourName } from './flavours.ts';

const { available, reason } = requireLab('iptables', 'nft');
const BOTH = Object.values(ADDRESSES);
const FAMILIES = ['ipv4', 'ipv6'] as const;
const PLAN: InterceptionPlan = { addresses: BOTH, dnsPort: 53, healthPort: 8080, leaseMs: 10_000 };
const FROM_CLUSTER = 'authoritative rcode 0';
const COMMENT = 'NodeLocal DNS Cache';
const query = (address: string) => ({ protocol: 'udp', address, port: 53, rcode: 0 }) as const;

function putNodeCache(node: Namespace, flavour: FlavourName, comments = true, times = 1): void {
  for (const family of FAMILIES) {
    const text = nodeCacheRules(ADDRESSES[family], comments, times);
    node.feed(text, `${PROGRAMS[family]}-${flavour}-restore`, '--noflush');
  }
}

async function serverOn(lab: RulesLab): Promise<RemoteAgent> {
  const server = lab.startServer();
  for (const address of BOTH) await server.listen({ protocol: 'udp', address, port: 53 });
  return server;
}

/** Asks from the pod without a pause until told to stop; gives every answer. */
function askAllTheTime(lab: RulesLab): { stop: () => Promise<string[]> } {
  const state = { going: true };
  const answers: string[] = [];
  const ask = async (address: string): Promise<void> => {
    while (state.going) answers.push(await lab.podAgent.ask(query(address)));
  };
  const asking = Promise.all(BOTH.map(ask));
  return {
    stop: async () => {
      state.going = false;
      await asking;
      return answers;
    },
  };
}

function countingRestores(run: RunTool): { run: RunTool; restores: string[] } {
  const restores: string[] = [];
  const counting: RunTool = (about, call) => {
    if (call.command.endsWith('-restore')) restores.push(call.command);
    return run(about, call);
  };
  return { run: counting, restores };
}

describe.skipIf(!available)(`node-cache's rules ${reason}`, () => {
  describe.each(FLAVOURS)('in the %s flavour', (flavour) => {
    it('keep pods without answers when the cache is killed, until ours replace them', async () => {
      const lab = await RulesLab.create();
      const server = await serverOn(lab);
      putNodeCache(lab.node, flavour);
      const rules = await openIptablesRules(PLAN, onlyFlavour(flavour, lab.run));
      await server.kill();
      for (const address of BOTH) expect(await lab.podAgent.ask(query(address))).toBe('ECONNREFUSED');
      await rules.install([]);
      for (const address of BOTH) expect(await lab.podAgent.ask(query(address))).toBe(FROM_CLUSTER);
    });

    it.each([
      { name: 'with their comment', comments: true },
      { name: 'of the time before the comment', comments: false },
    ])('$name are replaced while a pod asks, and no query is lost', async ({ comments }) => {
      const lab = await RulesLab.create();
      const server = await serverOn(lab);
      putNodeCache(lab.node, flavour, comments);
      const rules = await openIptablesRules(PLAN, onlyFlavour(flavour, lab.run));
      const asking = askAllTheTime(lab);
      await rules.install(BOTH);
      const answers = await asking.stop();
      expect(answers.length).toBeGreaterThan(1);
      expect(answers.filter((answer) => answer !== 'rcode 0' && answer !== FROM_CLUSTER)).toEqual([]);
      const rest = saved(lab.node, flavour)
        .split('\n')
        .filter((line) => /NOTRACK|ACCEPT -|-j ACCEPT/.test(line));
      expect(rest).toEqual([]);
      await server.kill();
      for (const address of BOTH) expect(await lab.podAgent.ask(query(address))).toBe(FROM_CLUSTER);
    });

    it('are replaced in one restore call for each family, a thousand times twelve of them', async () => {
      const lab = await RulesLab.create();
      putNodeCache(lab.node, flavour, true, 1000);
      const { run, restores } = countingRestores(onlyFlavour(flavour, lab.run));
      const rules = await openIptablesRules(PLAN, run);
      restores.length = 0;
      await rules.install([]);
      expect(restores).toEqual([`iptables-${flavour}-restore`, `ip6tables-${flavour}-restore`]);
      expect(saved(lab.node, flavour)).not.toContain(COMMENT);
      expect((await rules.inspect()).standing).toBe('complete');
    });
  });

  it('in the flavour that the host does not use any more are taken away as well', async () => {
    const lab = await RulesLab.create();
    putNodeCache(lab.node, 'legacy');
    lab.node.run('iptables-nft', '-t', 'mangle', '-N', 'KUBE-IPTABLES-HINT');
    const rules = await openIptablesRules(PLAN, lab.run);
    await rules.install([]);
    expect(saved(lab.node, 'legacy')).not.toMatch(/conntrack|NODELOCALDNS/);
    expect(saved(lab.node, 'nft')).toContain('NODELOCALDNS-IN');
  });
});

const OTHERS = `*raw
-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 5353 -j NOTRACK
COMMIT
*filter
:KUBE-FIREWALL - [0:0]
-A INPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP
COMMIT
*nat
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
COMMIT
`;

describe.skipIf(!available)(`cleaning a host ${reason}`, () => {
  it.each(FLAVOURS)('leaves nothing of ours and of node-cache, and all of others, %s', async (flavour) => {
    const lab = await RulesLab.create();
    lab.node.feed(OTHERS, `iptables-${flavour}-restore`, '--noflush');
    const before = saved(lab.node, flavour);
    const run = onlyFlavour(flavour, lab.run);
    await (await openIptablesRules(PLAN, run)).install(BOTH);
    putNodeCache(lab.node, flavour, true, 3);
    for (const stranger of ['192.0.2.1', '192.0.2.2']) {
      lab.node.feed(
        nodeCacheRules(stranger, stranger.endsWith('1')),
        `iptables-${flavour}-restore`,
        '--noflush',
      );
    }
    const done = await cleanFormerRules(run);
    expect(saved(lab.node, flavour)).toBe(before);
    expect(done).toEqual([
      `removed our chains from table raw (iptables-${flavour})`,
      `removed 40 rules of node-cache from table raw (iptables-${flavour})`,
      `removed 20 rules that accepted DNS from table filter (iptables-${flavour})`,
      `removed our chains from table raw (ip6tables-${flavour})`,
      `removed 24 rules of node-cache from table raw (ip6tables-${flavour})`,
      `removed 12 rules that accepted DNS from table filter (ip6tables-${flavour})`,
    ]);
    expect(await cleanFormerRules(run)).toEqual([]);
  });

  it('makes no legacy tables on a host that has none', async () => {
    const lab = await RulesLab.create();
    putNodeCache(lab.node, 'nft');
    expect(await cleanFormerRules(lab.run)).toHaveLength(4);
    const rules = await openIptablesRules(PLAN, lab.run);
    await rules.install(BOTH);
    await rules.remove();
    expect(lab.node.run('cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names')).toBe('');
  });
});
