/**
 * A Kubernetes node and its surroundings, made of network namespaces:
 *
 *     pod1 ──(CNI ptp)────┐
 *                        node ──(a wire)── dns: two pods of cluster DNS
 *     pod2 ──(CNI bridge)─┘
 *
 * with kube-proxy's rules on the node. It knows nothing of the program under test; `daemons.ts` starts that. Three things about it are there
 * because without them a test measures something else: the node has a default route (else the kernel refuses a packet for the cluster address
 * before any rule sees it), cluster DNS has none (else it sends packets for the cluster address back to the node), and every path has been used
 * once before anybody counts (else the first IPv6 packet waits for its neighbour).
 */
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { toolPath } from '../../support/tools.ts';
import { startClusterDns } from './cluster-dns.ts';
import type { ClusterDns } from './cluster-dns.ts';
import { attachPod, detachPod } from './cni.ts';
import type { PodNetwork } from './cni.ts';
import { startJanitor } from './janitor.ts';
import { installKubeProxy } from './kube-proxy.ts';
import type { KubeProxyMode } from './kube-proxy.ts';
import { Namespace } from './namespace.ts';
import {
  BRIDGE_SUBNETS,
  CLUSTER_IP,
  DNS_HOST_ADDRESS,
  DNS_PODS,
  DNS_POD_RANGE,
  FAMILIES,
  NODE_ADDRESS,
  POD_RANGE,
  PTP_SUBNETS,
  WHO,
} from './plan.ts';

export interface Lab {
  readonly mode: KubeProxyMode;
  readonly node: Namespace;
  /** Attached by ptp. */
  readonly pod1: Namespace;
  /** Attached by bridge. */
  readonly pod2: Namespace;
  readonly dns: Namespace;
  readonly clusterDns: ClusterDns;
  /** For files; gone at the end. */
  readonly directory: string;
  /** For programs on the node: which flavour `iptables` is, and a lock file that the rest of the machine does not know. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lockFile: string;
  close(): Promise<void>;
}

const PRIORITY = -15;
const MOST_LISTENERS = 50;
const POD1: PodNetwork = { plugin: 'ptp', subnets: PTP_SUBNETS };
const POD2: PodNetwork = { plugin: 'bridge', subnets: BRIDGE_SUBNETS };

/** Resolves when pods and host get answers from cluster DNS by the cluster's address. Whoever builds it closes it. */
export async function buildLab(mode: KubeProxyMode): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 'ndl-'));
  // The cache reads its Corefile as a user without privileges.
  chmodSync(directory, 0o755);
  const [node, pod1, pod2, dns] = ['node', 'pod1', 'pod2', 'dns'].map((role) => Namespace.create(role)) as [
    Namespace,
    Namespace,
    Namespace,
    Namespace,
  ];
  // Each namespace and each program listens for the end of this process.
  process.setMaxListeners(MOST_LISTENERS);
  // What else runs on the machine is not what is measured. Programs started from here inherit it.
  setPriority(PRIORITY);
  const janitor = startJanitor(
    [pod1, pod2, node, dns].map(({ name }) => name),
    directory,
  );
  try {
    wire(node, dns);
    const attach = (pod: Namespace, network: PodNetwork): void =>
      void attachPod({ node, pod, network, directory: join(directory, 'cni') });
    attach(pod1, POD1);
    attach(pod2, POD2);
    installKubeProxy(node, mode);
    const clusterDns = await startClusterDns(dns, directory);
    await warm([pod1, pod2, node]);
    const lockFile = join(directory, 'xtables.lock');
    return {
      mode,
      node,
      pod1,
      pod2,
      dns,
      clusterDns,
      directory,
      lockFile,
      environment: {
        XTABLES_LOCKFILE: lockFile,
        PATH: `${flavourDirectory(directory, mode)}:${process.env['PATH']}`,
      },
      async close() {
        await clusterDns.stop();
        detachPod({ node, pod: pod1, network: POD1, directory: join(directory, 'cni') });
        detachPod({ node, pod: pod2, network: POD2, directory: join(directory, 'cni') });
        await janitor.clean();
      },
    };
  } catch (error) {
    await janitor.clean();
    throw error;
  }
}

/** The wire between node and cluster DNS, and who is behind which end. */
function wire(node: Namespace, dns: Namespace): void {
  node.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', dns.name);
  for (const host of [node, dns]) {
    host.run('sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0');
    host.run('sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=0');
  }
  node.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  for (const family of FAMILIES) {
    const bits = family === 'ipv4' ? 24 : 64;
    node.run('ip', 'address', 'add', `${NODE_ADDRESS[family]}/${bits}`, 'dev', 'eth0');
    dns.run('ip', 'address', 'add', `${DNS_HOST_ADDRESS[family]}/${bits}`, 'dev', 'eth0');
  }
  for (const host of [node, dns]) host.run('ip', 'link', 'set', 'eth0', 'up');
  for (const family of FAMILIES) {
    for (const pod of DNS_PODS) dns.run('ip', 'address', 'add', pod[family], 'dev', 'lo');
    node.run('ip', 'route', 'add', DNS_POD_RANGE[family], 'via', DNS_HOST_ADDRESS[family]);
    node.run('ip', 'route', 'add', 'default', 'via', DNS_HOST_ADDRESS[family]);
    dns.run('ip', 'route', 'add', POD_RANGE[family], 'via', NODE_ADDRESS[family]);
  }
}

/** Directly to each pod of cluster DNS first, then by the cluster's address. */
async function warm(clients: readonly Namespace[]): Promise<void> {
  const targets = FAMILIES.flatMap((family) => [...DNS_PODS, CLUSTER_IP].map((address) => address[family]));
  for (const client of clients) {
    for (const target of targets) {
      await eventually(() => client.succeeds('dig', '+short', '+tries=1', '+timeout=1', `@${target}`, WHO));
    }
  }
}

/** A directory whose `iptables` is the flavour that kube-proxy has on this node, as a distribution's alternatives make it. */
function flavourDirectory(directory: string, mode: KubeProxyMode): string {
  const path = join(directory, 'bin');
  const flavour = mode === 'iptables-legacy' ? 'legacy' : 'nft';
  const programs = join(toolPath('iptables'), '..');
  mkdirSync(path);
  for (const tool of ['iptables', 'ip6tables']) {
    for (const part of ['', '-save', '-restore']) {
      symlinkSync(join(programs, `${tool}-${flavour}${part}`), join(path, `${tool}${part}`));
    }
  }
  return path;
}
