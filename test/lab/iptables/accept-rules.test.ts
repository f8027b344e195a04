/** Hosts whose table filter drops by default: pods get answers there only with rules that accept, wherever the rest of our rules stands. */
import { describe, expect, it } from 'vitest';
import { LOOKS_BETWEEN_SWEEPS, openAcceptRules } from '../../../src/host/iptables/accept-rules.ts';
import type { AcceptRules } from '../../../src/host/iptables/accept-rules.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';
import { ADDRESSES, RulesLab } from '../rules/rules-lab.ts';
import type { Namespace } from '../support/namespace.ts';
import { requireLab } from '../support/namespace.ts';
import { FLAVOURS, nodeCacheRules, onlyFlavour, PROGRAMS, saved } from './flavours.ts';
import type { FlavourName } from './flavours.ts';

const { available, reason } = requireLab('iptables', 'nft');
const BOTH = Object.values(ADDRESSES);
const PLAN: InterceptionPlan = { addresses: BOTH, dnsPort: 53, healthPort: 8080, leaseMs: 1000 };
const QUERIES = BOTH.flatMap((address) =>
  (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port: 53, rcode: 0 })),
);

/** Neighbour discovery goes on: what is tried is DNS. */
function dropByDefault(node: Namespace, flavour: FlavourName): void {
  for (const program of Object.values(PROGRAMS)) {
    const icmp =
      program === 'ip6tables' ? '-A INPUT -p ipv6-icmp -j ACCEPT\n-A OUTPUT -p ipv6-icmp -j ACCEPT\n' : '';
    node.feed(
      `*filter\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n${icmp}COMMIT\n`,
      `${program}-${flavour}-restore`,
      '--noflush',
    );
  }
}

/** As `iptables -F; iptables -P … ACCEPT` in both families: all that was put with `dropByDefault`, and nothing of ours. */
function stopDropping(node: Namespace, flavour: FlavourName): void {
  for (const program of Object.values(PROGRAMS)) {
    const icmp =
      program === 'ip6tables' ? '-D INPUT -p ipv6-icmp -j ACCEPT\n-D OUTPUT -p ipv6-icmp -j ACCEPT\n' : '';
    node.feed(
      `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${icmp}COMMIT\n`,
      `${program}-${flavour}-restore`,
      '--noflush',
    );
  }
}

const EXEMPT_ALL = ['prerouting', 'output']
  .map(
    (hook) =>
      `table inet exempt { chain ${hook} { type filter hook ${hook} priority raw; meta l4proto { tcp, udp } notrack; }; }\n`,
  )
  .join('');

/** With a cache that pods reach without any rules of ours: only the filter is in question. */
async function labWithServer(): Promise<RulesLab> {
  const lab = await RulesLab.create();
  const server = lab.startServer();
  for (const { protocol, address, port } of QUERIES) await server.listen({ protocol, address, port });
  lab.node.feed(EXEMPT_ALL, 'nft', '-f', '-');
  return lab;
}

async function looksUntilFound(accept: AcceptRules | undefined): Promise<number> {
  for (let looks = 1; looks <= 2 * LOOKS_BETWEEN_SWEEPS; looks++) {
    if ((await accept?.inspect()) === 'absent') return looks;
  }
  return Infinity;
}

const answers = (lab: RulesLab): Promise<string[]> =>
  Promise.all(QUERIES.map((query) => lab.podAgent.ask(query)));
const all = (answer: string): string[] => QUERIES.map(() => answer);

describe.skipIf(!available)(`acceptance on hosts that drop ${reason}`, () => {
  it.each(FLAVOURS)('is what pods need to be answered there, %s', async (flavour) => {
    const lab = await labWithServer();
    dropByDefault(lab.node, flavour);
    const before = saved(lab.node, flavour);
    const accept = await openAcceptRules(PLAN, onlyFlavour(flavour, lab.run));
    expect(await accept?.inspect()).toBe('absent');
    expect(await answers(lab)).toEqual(all('nothing'));
    await accept?.install();
    expect(await accept?.inspect()).toBe('complete');
    expect(await answers(lab)).toEqual(all('rcode 0'));
    lab.node.run(`iptables-${flavour}`, '-D', 'INPUT', '1');
    expect(await accept?.inspect()).toBe('damaged');
    await accept?.install();
    await accept?.remove();
    await accept?.remove();
    expect(saved(lab.node, flavour)).toBe(before);
  });

  it.each(FLAVOURS)("is the same rules as node-cache's, each once, %s", async (flavour) => {
    const lab = await RulesLab.create();
    dropByDefault(lab.node, flavour);
    const filter = nodeCacheRules(ADDRESSES.ipv4, true).replace(/^[^]*?COMMIT\n/, '');
    lab.node.feed(filter, `iptables-${flavour}-restore`, '--noflush');
    const plan = { ...PLAN, addresses: [ADDRESSES.ipv4] };
    const accept = await openAcceptRules(plan, onlyFlavour(flavour, lab.run));
    expect(await accept?.inspect()).toBe('complete');
    lab.node.feed(filter.repeat(5), `iptables-${flavour}-restore`, '--noflush');
    await accept?.install();
    const lines = saved(lab.node, flavour)
      .split('\n')
      .filter((line) => line.includes('allow DNS traffic'));
    expect(lines).toHaveLength(4);
    expect(new Set(lines).size).toBe(4);
    // What node-cache itself asks: whether its rule is there, argument for argument.
    for (const rule of filter.split('\n').filter((line) => line.startsWith('-I'))) {
      const args = [...rule.replace('-I', '-C').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare ?? '',
      );
      expect(lab.node.succeeds(`iptables-${flavour}`, ...args)).toBe(true);
    }
  });

  it('is given where the other flavour drops, and only there', async () => {
    const lab = await RulesLab.create();
    dropByDefault(lab.node, 'legacy');
    const accept = await openAcceptRules(PLAN, lab.run);
    await accept?.install();
    expect(saved(lab.node, 'legacy')).toContain('allow DNS traffic');
    expect(saved(lab.node, 'nft')).not.toContain('allow DNS traffic');
  });

  it('is not needed on a host that accepts all, whatever node-cache left', async () => {
    const lab = await RulesLab.create();
    for (const left of ['', nodeCacheRules(ADDRESSES.ipv4, true)]) {
      lab.node.feed(left, 'iptables-nft-restore', '--noflush');
      const accept = await openAcceptRules(PLAN, lab.run);
      expect(await accept?.inspect()).toBe('complete');
      await accept?.install();
      expect(await accept?.inspect()).toBe('complete');
      expect(saved(lab.node, 'nft')).not.toContain('allow DNS traffic');
    }
    expect(lab.node.run('cat', '/proc/net/ip_tables_names')).toBe('');
  });

  it.each(FLAVOURS)(
    'comes with a firewall that begins to drop later, and leaves with it, %s',
    async (flavour) => {
      const lab = await labWithServer();
      const accept = await openAcceptRules(PLAN, onlyFlavour(flavour, lab.run));
      await accept?.install();
      expect(await accept?.inspect()).toBe('complete');
      dropByDefault(lab.node, flavour);
      const before = saved(lab.node, flavour);
      expect(await answers(lab)).toEqual(all('nothing'));
      expect(await looksUntilFound(accept)).toBeLessThanOrEqual(LOOKS_BETWEEN_SWEEPS);
      await accept?.install();
      expect(await accept?.inspect()).toBe('complete');
      expect(await answers(lab)).toEqual(all('rcode 0'));
      stopDropping(lab.node, flavour);
      expect(await accept?.inspect()).toBe('complete');
      expect(await answers(lab)).toEqual(all('rcode 0'));
      dropByDefault(lab.node, flavour);
      expect(await accept?.inspect()).toBe('complete');
      stopDropping(lab.node, flavour);
      await accept?.install();
      expect(saved(lab.node, flavour)).not.toContain('allow DNS traffic');
      dropByDefault(lab.node, flavour);
      expect(await looksUntilFound(accept)).toBeLessThanOrEqual(LOOKS_BETWEEN_SWEEPS);
      await accept?.install();
      await accept?.remove();
      expect(saved(lab.node, flavour)).toBe(before);
    },
  );

  it('goes with those who put it, also where its firewall has gone before', async () => {
    const lab = await RulesLab.create();
    dropByDefault(lab.node, 'nft');
    await (await openAcceptRules(PLAN, lab.run))?.install();
    stopDropping(lab.node, 'nft');
    const adopted = await openAcceptRules(PLAN, lab.run);
    expect(await adopted?.inspect()).toBe('complete');
    await adopted?.remove();
    expect(saved(lab.node, 'nft')).not.toContain('allow DNS traffic');
  });

  it('is not needed without iptables', async () => {
    const lab = await RulesLab.create();
    const run: typeof lab.run = (about, call) => lab.run(about, { ...call, command: `no-${call.command}` });
    expect(await openAcceptRules(PLAN, run)).toBeUndefined();
  });
});
