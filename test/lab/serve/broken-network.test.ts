/**
 * What the network of a node does to `serve` beside losing packets: no route, no ports left, an interface that goes and comes back, rules
 * that let nothing out. What is known is answered as far as it can be, nothing spins, and all is well when the cause has passed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { count, processorMs, serveCommand } from '../../scenario/process/setting.ts';
import { parseExposition } from '../../observe/parse-exposition.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { digResult } from '../../support/dig.ts';
import type { DigResult } from '../../support/dig.ts';
import { eventually } from '../../support/eventually.ts';
import { Scrape } from '../../support/page.ts';
import { tempFile } from '../../support/temp-file.ts';
import { Namespace, requireLab } from '../support/namespace.ts';

const { available, reason } = requireLab('dig', 'nft');

const LISTEN = '169.254.20.10';
const CLUSTER_DNS = '192.0.2.53';
const LATER_SOURCE = '198.51.100.9';
const METRICS_PORT = 9253;
/** Extended DNS Errors (RFC 8914 section 4). */
const [STALE_ANSWER, NETWORK_ERROR] = [3, 23];

interface Node {
  readonly node: Namespace;
  readonly daemon: Child;
  readonly ask: (name: string, ...options: readonly string[]) => DigResult;
  readonly metrics: () => Scrape;
}

/** A node with the cache, and a wire to a host with cluster DNS, to which there is no route yet. */
async function makeNode(forward = ''): Promise<Node> {
  const [node, far] = [Namespace.create('node'), Namespace.create('far')];
  node.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.name);
  node.run('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'eth0');
  far.run('ip', 'address', 'add', '198.51.100.2/24', 'dev', 'eth0');
  far.run('ip', 'address', 'add', `${CLUSTER_DNS}/32`, 'dev', 'lo');
  for (const host of [node, far]) host.run('ip', 'link', 'set', 'eth0', 'up');
  addListenAddress(node);
  await serve(far, `.:53 {\n  template IN A . {\n    answer "{{ .Name }} 2 IN A 192.0.2.7"\n  }\n}\n`);
  const daemon = await serve(
    node,
    `.:53 {
  bind ${LISTEN}
  prometheus 127.0.0.1:${METRICS_PORT}
  cache {
    success 1024 3600 0
    serve_stale 1h immediate
  }
  forward . ${CLUSTER_DNS} {
    max_connect_attempts 2
    ${forward}
  }
}
`,
  );
  return {
    node,
    daemon,
    ask: (name, ...options) => ask(node, name, options),
    metrics: () => scrape(node),
  };
}

/** An empty bridge holds addresses as well as a dummy interface, and is everywhere. */
function addListenAddress(node: Namespace): void {
  node.run('ip', 'link', 'add', 'nodelocaldns', 'type', 'bridge');
  node.run('ip', 'address', 'add', `${LISTEN}/32`, 'dev', 'nodelocaldns');
}

const addRoute = (node: Namespace): string =>
  node.run('ip', 'route', 'add', CLUSTER_DNS, 'via', '198.51.100.2');
const removeRoute = (node: Namespace): string => node.run('ip', 'route', 'delete', CLUSTER_DNS);

async function serve(host: Namespace, corefile: string): Promise<Child> {
  const daemon = host.start(serveCommand(tempFile(corefile)), { cwd: REPOSITORY_ROOT });
  await daemon.waitForLine(READY_PATTERN);
  return daemon;
}

function ask(node: Namespace, name: string, options: readonly string[]): DigResult {
  // Exit code 9, for no answer, would be thrown.
  const command = `dig -r @${LISTEN} +tries=1 +timeout=3 ${options.join(' ')} ${name}; exit 0`;
  return digResult(0, node.run('sh', '-c', command));
}

function scrape(node: Namespace): Scrape {
  const script = `fetch('http://127.0.0.1:${METRICS_PORT}/metrics').then((r) => r.text()).then(console.log)`;
  return new Scrape(parseExposition(`${node.run(process.execPath, '-e', script).trimEnd()}\n`));
}

const isAnswered = ({ status, answer }: DigResult): boolean => status === 'NOERROR' && answer.length > 0;
const errorOf = ({ edns }: DigResult): number | undefined => edns?.extendedError?.code;

describe.skipIf(!available)(`serve ${reason}`, () => {
  it.each([
    ['UDP', ''],
    ['TCP', 'force_tcp'],
  ])(
    'without a route for %s to its upstream says so at once, and finds it when there is one',
    async (_, forward) => {
      const { node, daemon, ask: query, metrics } = await makeNode(forward);
      const began = processorMs(daemon.pid);
      const sinceMs = performance.now();
      for (let i = 0; i < 5; i++) {
        const told = query(`unknown-${i}.test`);
        expect([told.status, errorOf(told)]).toEqual(['SERVFAIL', NETWORK_ERROR]);
      }
      expect(performance.now() - sinceMs).toBeLessThan(5_000);
      await delay(2_000);
      expect((processorMs(daemon.pid) - began) / (performance.now() - sinceMs)).toBeLessThan(0.2);
      addRoute(node);
      await eventually(() => isAnswered(query('known.test')));
      removeRoute(node);
      // Two seconds later what was learnt is old, and still there.
      await eventually(() => errorOf(query('known.test')) === STALE_ANSWER);
      expect(isAnswered(query('known.test'))).toBe(true);
      addRoute(node);
      await eventually(() => isAnswered(query(`later-${performance.now()}.test`)));
      expect(metrics().sum('coredns_panics_total')).toBe(0);
      expect(daemon.lines().filter((line) => !line.startsWith('[INFO]'))).toEqual([]);
    },
  );

  it.each([
    ['UDP', ''],
    ['TCP', 'force_tcp'],
  ])('that is to ask over %s from an address that is not there yet asks when it is', async (_, forward) => {
    const { node, daemon, ask: query } = await makeNode(`source_address ${LATER_SOURCE}\n${forward}`);
    addRoute(node);
    const began = processorMs(daemon.pid);
    for (let i = 0; i < 5; i++) {
      const told = query(`unknown-${i}.test`);
      expect([told.status, errorOf(told)]).toEqual(['SERVFAIL', NETWORK_ERROR]);
    }
    expect(processorMs(daemon.pid) - began).toBeLessThan(1_000);
    node.run('ip', 'address', 'add', `${LATER_SOURCE}/24`, 'dev', 'eth0');
    await eventually(() => isAnswered(query(`later-${performance.now()}.test`)));
    node.run('ip', 'address', 'delete', `${LATER_SOURCE}/24`, 'dev', 'eth0');
    // Sockets that stand go on; new ones cannot be had, until the address is back.
    await eventually(() => errorOf(query(`gone-${performance.now()}.test`)) === NETWORK_ERROR);
    node.run('ip', 'address', 'add', `${LATER_SOURCE}/24`, 'dev', 'eth0');
    await eventually(() => isAnswered(query(`back-${performance.now()}.test`)));
  });

  it('without free ports asks again when there are some', async () => {
    const { node, daemon, ask: query } = await makeNode('force_tcp\nexpire 1s');
    addRoute(node);
    // The two ports there are belong to others: listeners may not share them.
    const holder = node.start([
      process.execPath,
      '-e',
      `for (const port of [40000, 40001]) require('node:net').createServer().listen(port, '0.0.0.0', () => console.log('held'))`,
    ]);
    await holder.waitForLine(/held/);
    await eventually(() => count(holder.lines(), /held/) === 2);
    node.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40001');
    const began = processorMs(daemon.pid);
    for (let i = 0; i < 5; i++) {
      const told = query(`unknown-${i}.test`, '-b 198.51.100.1#50000');
      expect([told.status, errorOf(told)]).toEqual(['SERVFAIL', NETWORK_ERROR]);
    }
    expect(processorMs(daemon.pid) - began).toBeLessThan(1_000);
    node.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=32768 60999');
    await eventually(() => isAnswered(query(`later-${performance.now()}.test`)));
  });

  it('whose interface goes and comes back answers again, over UDP and TCP, without a new start', async () => {
    const { node, daemon, ask: query, metrics } = await makeNode();
    addRoute(node);
    expect(isAnswered(query('known.test'))).toBe(true);
    for (let times = 0; times < 2; times++) {
      node.run('ip', 'link', 'delete', 'nodelocaldns');
      expect(query('known.test').timedOut || query('known.test').status === undefined).toBe(true);
      addListenAddress(node);
      await eventually(() => isAnswered(query('known.test')));
      expect(isAnswered(query('known.test', '+tcp'))).toBe(true);
    }
    expect(metrics().sum('coredns_panics_total')).toBe(0);
    expect(daemon.lines().filter((line) => !line.startsWith('[INFO]'))).toEqual([]);
  });

  it('whose answers are not let out says so once, counts them, and says when they are', async () => {
    const { node, daemon, ask: query, metrics } = await makeNode();
    addRoute(node);
    expect(isAnswered(query('known.test'))).toBe(true);
    node.feed(
      'table inet shut { chain out { type filter hook output priority 0; udp sport 53 ip saddr 169.254.20.10 drop; }; }',
      'nft',
      '-f',
      '-',
    );
    for (let i = 0; i < 3; i++) query('known.test', '+timeout=1');
    const seen = metrics();
    expect(seen.sum('nodelocaldns_socket_errors_total', { operation: 'send' })).toBeGreaterThanOrEqual(3);
    expect(seen.sum('nodelocaldns_trouble', { kind: 'sending' })).toBe(1);
    node.run('nft', 'delete', 'table', 'inet', 'shut');
    expect(isAnswered(query('known.test'))).toBe(true);
    await daemon.waitForLine(/answers leave again/, 15_000);
    expect(count(daemon.lines(), /answers cannot be sent: EPERM/)).toBe(1);
    expect(metrics().sum('nodelocaldns_trouble')).toBe(0);
  });
});
