/**
 * The instances of the cluster DNS are replaced one by one behind a service address of a real kernel: connection tracking, with the rules that
 * kube-proxy makes of a service, ties each port to an instance, also when that is gone. What the scenarios play with one server is real here:
 * an instance that is gone refuses, or says nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Child } from '../../support/child.ts';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { tempFile } from '../../support/temp-file.ts';
import { Namespace, requireLab } from '../support/namespace.ts';
import type { AskedReport } from './asked-report.ts';

const SERVICE = '10.96.0.10';
const NODE = '10.244.0.1';
const INSTANCES = 3;
const REPLACEMENTS = 4;
const STEP_MS = 600;
/** How long the service's rules still lead to an instance that is gone. */
const LAG_MS = 150;
const SLOWEST_MS = 1_000;

const { available, reason } = requireLab('nft');

const podAddress = (pod: number): string => `10.244.0.${10 + pod}`;
const run = (host: Namespace, ...args: readonly string[]): Child =>
  host.start([process.execPath, ...args], { cwd: REPOSITORY_ROOT });

/** `node` and the host of all instances, on one wire. */
function wire(): { node: Namespace; dns: Namespace } {
  const node = Namespace.create('node');
  const dns = Namespace.create('dns');
  node.run('ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', dns.name);
  for (const [host, address] of [
    [node, NODE],
    [dns, '10.244.0.2'],
  ] as const) {
    host.run('ip', 'address', 'add', `${address}/24`, 'dev', 'wire');
    host.run('ip', 'link', 'set', 'wire', 'up');
  }
  node.run('ip', 'route', 'add', 'default', 'via', '10.244.0.2');
  return { node, dns };
}

/** The rules of a service of one port, as far as they matter here: one instance at random for each connection, known to the kernel or not. */
function balance(node: Namespace, pods: readonly number[]): void {
  const choices = pods.map((pod, i) => `${i} : ${podAddress(pod)}`).join(', ');
  node.feed(
    `add table ip service
flush table ip service
table ip service {
  chain output {
    type nat hook output priority -100;
    ip daddr ${SERVICE} meta l4proto { tcp, udp } dnat to numgen random mod ${pods.length} map { ${choices} }
  }
}
`,
    'nft',
    '-f',
    '-',
  );
}

/** What is sent to these addresses is not even refused. */
const GONE = `table ip gone {
  set pods { type ipv4_addr; }
  chain input {
    type filter hook input priority 0;
    ip daddr @pods drop
  }
}
`;

class Cluster {
  readonly node: Namespace;
  private readonly dns: Namespace;
  private readonly pods = new Map<number, Child>();
  private started = 0;

  private constructor({ node, dns }: { node: Namespace; dns: Namespace }) {
    this.node = node;
    this.dns = dns;
  }

  static async start(): Promise<Cluster> {
    const cluster = new Cluster(wire());
    cluster.dns.feed(GONE, 'nft', '-f', '-');
    for (let i = 0; i < INSTANCES; i++) await cluster.startPod();
    balance(cluster.node, [...cluster.pods.keys()]);
    return cluster;
  }

  /** Replaces the oldest instance. @param how whether what is sent to it afterwards is refused, or vanishes */
  async replace(how: 'refuses' | 'vanishes'): Promise<void> {
    await this.startPod();
    const [[oldest, process]] = this.pods;
    this.pods.delete(oldest);
    const address = podAddress(oldest);
    if (how === 'vanishes') this.dns.run('nft', 'add', 'element', 'ip', 'gone', 'pods', `{ ${address} }`);
    process.signal('SIGKILL');
    await delay(LAG_MS);
    balance(this.node, [...this.pods.keys()]);
  }

  private async startPod(): Promise<void> {
    const pod = this.started++;
    this.dns.run('ip', 'address', 'add', `${podAddress(pod)}/24`, 'dev', 'wire');
    const child = run(this.dns, 'test/lab/serve/dns-pod.ts', podAddress(pod));
    await child.waitForLine(/ready/);
    this.pods.set(pod, child);
  }
}

async function startDaemon(node: Namespace, options: string): Promise<void> {
  const corefile = `.:53 {\n bind 127.0.0.1\n forward . ${SERVICE} {\n ${options}\n }\n}\n`;
  const daemon = run(node, 'src/main.ts', 'serve', '-conf', tempFile(corefile));
  onTestFinished(() => daemon.stop().then(() => undefined));
  await daemon.waitForLine(/serving on/);
}

describe.skipIf(!available)(`a rollout of the cluster DNS ${reason}`, () => {
  it.each([
    ['over UDP', 'prefer_udp', 'refuses'],
    ['over UDP', 'prefer_udp', 'vanishes'],
    ['over TCP', 'force_tcp', 'refuses'],
    ['over TCP', 'force_tcp', 'vanishes'],
  ] as const)('loses no query %s (%s), where an instance that is gone %s', async (_, options, how) => {
    const cluster = await Cluster.start();
    await startDaemon(cluster.node, options);
    const client = run(cluster.node, 'test/lab/serve/asking-pod.ts', '127.0.0.1');
    await client.waitForLine(/asking/);
    await delay(STEP_MS);
    for (let i = 0; i < REPLACEMENTS; i++) {
      await cluster.replace(how);
      await delay(STEP_MS);
    }
    client.signal('SIGTERM');
    await client.ended;
    const report = JSON.parse(client.lines().at(-1) ?? '{}') as AskedReport;
    expect(report).toMatchObject({ lost: 0, failed: 0 });
    expect(report.asked).toBeGreaterThan(300);
    expect(report.slowestMs).toBeLessThan(SLOWEST_MS);
  });
});
