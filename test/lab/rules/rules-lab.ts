/**
 * The smallest network in which rules can be judged: a pod and its node, the node with the intercepted addresses on an interface, and a
 * table of the test's own behind conntrack that counts which packets for them were tracked, and does with those what kube-proxy would: it
 * brings them to the cluster DNS, which here is another process of the node on another port.
 */
import { isIPv6 } from 'node:net';
import { runTool } from '../../../src/host/run-tool.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { eventually } from '../../support/eventually.ts';
import { Namespace } from '../support/namespace.ts';
import { RemoteAgent } from './remote-agent.ts';

export const ADDRESSES = { ipv4: '10.96.0.10', ipv6: 'fd00:10:96::a' } as const;
export const DNS_PORT = 53;
export const HEALTH_PORT = 8080;

/** Behind conntrack (-200), before anybody's address translation (-100). */
const COUNT_PRIORITY = -150;
const NAT_PRIORITY = -100;
const CLUSTER_PORT = 10_053;
const WATCH = 'nodelocaldns-test';

export interface Seen {
  readonly tracked: number;
  readonly untracked: number;
}

/** What of a packet is looked at: where it passes, in which direction, and the port at our side. */
export interface Watched {
  readonly hook: 'prerouting' | 'output';
  readonly direction: 'to' | 'from';
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

export class RulesLab {
  readonly node: Namespace;
  readonly pod: Namespace;
  /** Processes that ask. */
  readonly podAgent: RemoteAgent;
  readonly hostAgent: RemoteAgent;
  readonly #cluster: RemoteAgent;

  private constructor(node: Namespace, pod: Namespace, cluster: RemoteAgent) {
    this.node = node;
    this.pod = pod;
    this.#cluster = cluster;
    this.podAgent = RemoteAgent.start(pod);
    this.hostAgent = RemoteAgent.start(node);
  }

  /** For a test; what a hook creates, it also closes. */
  static async create(): Promise<RulesLab> {
    const node = Namespace.create('node');
    const pod = Namespace.create('pod');
    connect(node, pod);
    await addAddresses(node);
    node.feed(watchTable(), 'nft', '-f', '-');
    const cluster = RemoteAgent.start(node);
    for (const address of ['0.0.0.0', '::']) {
      for (const protocol of PROTOCOLS) {
        await cluster.listen({ protocol, address, port: CLUSTER_PORT, authoritative: true });
      }
    }
    return new RulesLab(node, pod, cluster);
  }

  /** Runs the host's tools on the node. */
  readonly run: RunTool = (about, call) => {
    const [command = '', ...args] = [...this.node.prefix, call.command, ...call.args];
    return runTool(about, { ...call, command, args });
  };

  /** A process on the node that is the cache as far as the rules can see. */
  startServer(lifetime: 'test' | 'process' = 'test'): RemoteAgent {
    return RemoteAgent.start(this.node, lifetime);
  }

  /** As it was made, whatever a test has done to rules, interface, routes and connections. Servers stay. */
  async reset(): Promise<void> {
    this.node.feed(`flush ruleset\n${watchTable()}`, 'nft', '-f', '-');
    for (const program of ['iptables', 'ip6tables']) {
      this.node.feed(EMPTY_LEGACY_TABLES, `${program}-legacy-restore`);
    }
    if (!this.node.succeeds('ip', 'link', 'show', INTERFACE)) {
      for (const version of ['-4', '-6']) this.node.run('ip', version, 'route', 'flush', 'default');
      await addAddresses(this.node);
    }
    this.node.run('conntrack', '-F');
  }

  /** For one that a hook has made. */
  async close(): Promise<void> {
    await Promise.all([this.podAgent, this.hostAgent, this.#cluster].map((agent) => agent.kill()));
    for (const host of [this.pod, this.node]) host.remove();
  }

  deleteInterface(): void {
    this.node.run('ip', 'link', 'delete', INTERFACE);
  }

  /** What passed while `during` ran. Several may run at once, for packets of different kinds. */
  async count(watched: Watched, during: () => Promise<unknown>): Promise<Seen> {
    const before = this.#seen(watched);
    await during();
    const after = this.#seen(watched);
    return { tracked: after.tracked - before.tracked, untracked: after.untracked - before.untracked };
  }

  /** Since the lab stands. */
  #seen(watched: Watched): Seen {
    const listed = JSON.parse(this.node.run('nft', '-j', 'list', 'counters', 'table', 'inet', WATCH)) as {
      nftables: readonly { counter?: { name: string; packets: number } }[];
    };
    const packets = (state: string): number =>
      listed.nftables.find(({ counter }) => counter?.name === nameOf(watched, state))?.counter?.packets ?? 0;
    return { tracked: packets('tracked'), untracked: packets('untracked') };
  }
}

const INTERFACE = 'nodelocaldns';

const EMPTY_LEGACY_TABLES = [
  { table: 'raw', chains: ['PREROUTING', 'OUTPUT'] },
  { table: 'filter', chains: ['INPUT', 'FORWARD', 'OUTPUT'] },
  { table: 'nat', chains: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] },
]
  .map(
    ({ table, chains }) => `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]\n`).join('')}COMMIT\n`,
  )
  .join('');

const NODE = { ipv4: '10.244.0.1', ipv6: 'fd00:10:244::1' } as const;
const POD = { ipv4: '10.244.0.2', ipv6: 'fd00:10:244::2' } as const;

function connect(node: Namespace, pod: Namespace): void {
  node.run('ip', 'link', 'add', 'pod', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.name);
  setUp(node, 'pod', NODE);
  setUp(pod, 'eth0', POD);
  for (const gateway of Object.values(NODE)) pod.run('ip', 'route', 'add', 'default', 'via', gateway);
}

function setUp(host: Namespace, device: string, { ipv4, ipv6 }: Record<'ipv4' | 'ipv6', string>): void {
  host.run('ip', 'link', 'set', device, 'up');
  host.run('ip', 'address', 'add', `${ipv4}/24`, 'dev', device);
  host.run('ip', 'address', 'add', `${ipv6}/64`, 'dev', device, 'nodad');
}

/**
 * An empty bridge holds addresses as a dummy interface does, and is in every kernel. Processes of the node send to them from the node's own
 * address, as they would to any other.
 */
async function addAddresses(node: Namespace): Promise<void> {
  node.run('ip', 'link', 'add', INTERFACE, 'type', 'bridge');
  node.run('ip', 'link', 'set', INTERFACE, 'up');
  node.run('ip', 'address', 'add', `${ADDRESSES.ipv4}/32`, 'dev', INTERFACE);
  node.run('ip', 'address', 'add', `${ADDRESSES.ipv6}/128`, 'dev', INTERFACE, 'nodad');
  for (const family of ['ipv4', 'ipv6'] as const) {
    const address = ADDRESSES[family];
    const ip = (...args: readonly string[]): string => node.run('ip', FAMILY_FLAGS[family], 'route', ...args);
    const route = ['table', 'local', 'local', address, 'dev', INTERFACE, 'proto', 'kernel'];
    // IPv6 puts it some milliseconds after the address.
    await eventually(() => ip('show', 'table', 'local', address, 'dev', INTERFACE) !== '');
    ip('delete', ...route);
    ip('add', ...route, 'src', NODE[family]);
  }
}

/** Of `ip`. */
const FAMILY_FLAGS = { ipv4: '-4', ipv6: '-6' } as const;

const HOOKS = ['prerouting', 'output'] as const;
const DIRECTIONS = ['to', 'from'] as const;
const PROTOCOLS = ['udp', 'tcp'] as const;

const nameOf = ({ hook, direction, protocol, address, port }: Watched, state: string): string =>
  [hook, direction, protocol, isIPv6(address) ? 'ipv6' : 'ipv4', port, state].join('-');

function watchTable(): string {
  const counters: string[] = [];
  const chains = HOOKS.map((hook) => {
    const rules = watchedAt(hook).flatMap((watched) => {
      const [end, port] = watched.direction === 'to' ? ['daddr', 'dport'] : ['saddr', 'sport'];
      const family = isIPv6(watched.address) ? 'ip6' : 'ip';
      return ['tracked', 'untracked'].map((state) => {
        const counter = nameOf(watched, state);
        counters.push(`counter ${counter} {}`);
        const test = state === 'tracked' ? '!= untracked' : 'untracked';
        return `${family} ${end} ${watched.address} ${watched.protocol} ${port} ${watched.port} ct state ${test} counter name ${counter}`;
      });
    });
    return `chain ${hook} { type filter hook ${hook} priority ${COUNT_PRIORITY}; policy accept;\n${rules.join('\n')}\n}`;
  });
  const translations = HOOKS.map(
    (hook) => `chain ${hook}_nat { type nat hook ${hook} priority ${NAT_PRIORITY}; policy accept;
      ip daddr ${ADDRESSES.ipv4} meta l4proto { tcp, udp } th dport ${DNS_PORT} dnat ip to ${NODE.ipv4}:${CLUSTER_PORT}
      ip6 daddr ${ADDRESSES.ipv6} meta l4proto { tcp, udp } th dport ${DNS_PORT} dnat ip6 to [${NODE.ipv6}]:${CLUSTER_PORT}
    }`,
  );
  return `table inet ${WATCH} {\n${[...counters, ...chains, ...translations].join('\n')}\n}\n`;
}

function watchedAt(hook: Watched['hook']): Watched[] {
  return Object.values(ADDRESSES).flatMap((address) =>
    DIRECTIONS.flatMap((direction) =>
      PROTOCOLS.flatMap((protocol) =>
        [DNS_PORT, HEALTH_PORT].map((port) => ({ hook, direction, protocol, address, port })),
      ),
    ),
  );
}
