/**
 * Where upstreams are when it takes a node to tell: behind the address of a Service, which the kernel translates and which is gone when the
 * Service is made anew; and by name, at an address that the node's own resolv.conf leads to.
 */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serveCommand } from '../../scenario/process/setting.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';
import { Namespace, requireLab } from '../support/namespace.ts';

const { available, reason } = requireLab('conntrack', 'dig', 'nft');

const SERVICE = 'kube-dns-upstream.kube-system.svc.cluster.local';
const [OLD, NEW] = ['10.96.7.7', '10.96.8.8'];
const POD = '198.51.100.2';
const LISTEN = '127.0.0.10';

/** As kube-proxy does it: new connections to the address go to the pod, what is established goes on whatever the rules say. */
const rulesFor = (address: string): string => `table ip kube-proxy
delete table ip kube-proxy
table ip kube-proxy {
  chain output {
    type nat hook output priority -100
    ip daddr ${address} meta l4proto { tcp, udp } th dport 53 dnat to ${POD}
  }
}
`;

interface Network {
  readonly node: Namespace;
  readonly far: Namespace;
}

function makeNetwork(): Network {
  const [node, far] = [Namespace.create('node'), Namespace.create('far')];
  node.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.name);
  node.run('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'eth0');
  far.run('ip', 'address', 'add', `${POD}/24`, 'dev', 'eth0');
  for (const host of [node, far]) host.run('ip', 'link', 'set', 'eth0', 'up');
  node.run('ip', 'route', 'add', 'default', 'via', POD);
  return { node, far };
}

async function start(
  host: Namespace,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Child> {
  const daemon = host.start(command, { cwd: REPOSITORY_ROOT, env });
  await daemon.waitForLine(READY_PATTERN);
  return daemon;
}

const answerOf = (node: Namespace, name: string): string =>
  node.run('sh', '-c', `dig -r @${LISTEN} +short +tries=1 +timeout=3 ${name}; exit 0`).trim();

describe.skipIf(!available)(`serve ${reason}`, () => {
  it('finds a Service that was made anew while its connections last', { timeout: 90_000 }, async () => {
    const { node, far } = makeNetwork();
    const hosts = tempFile(`${OLD} ${SERVICE}\n`, 'hosts');
    await start(
      far,
      serveCommand(tempFile(`.:53 {\n hosts ${hosts} {\n reload 100ms\n fallthrough\n }\n whoami\n}\n`)),
    );
    node.feed(rulesFor(OLD), 'nft', '-f', '-');
    const directory = tempDirectory();
    const base = tempFile(
      `cluster.local:53 {\n bind ${LISTEN}\n forward . __PILLAR__CLUSTER__DNS__ {\n force_tcp\n }\n}\n`,
      'Corefile.base',
    );
    const files = ['-basecorefile', base, '-kubednscm', directory, '-conf', `${directory}/Corefile`];
    const daemon = await start(
      node,
      [process.execPath, 'src/main.ts', 'serve', ...files, '-upstreamsvc', 'kube-dns-upstream'],
      { KUBE_DNS_UPSTREAM_SERVICE_HOST: OLD },
    );
    expect(answerOf(node, SERVICE)).toBe(OLD);
    writeFileSync(hosts, `${NEW} ${SERVICE}\n`);
    node.feed(rulesFor(NEW), 'nft', '-f', '-');
    // The old address leads nowhere any more but for what is established, over which the node's questions go on.
    expect(node.succeeds('dig', '-r', `@${OLD}`, '+tcp', '+tries=1', '+timeout=1', SERVICE)).toBe(false);
    await eventually(() => answerOf(node, SERVICE) === NEW);
    const said = /the upstream Service .* is 10\.96\.8\.8 now, and no longer 10\.96\.7\.7/;
    await eventually(() => {
      // Who asks keeps connections alive, and is answered all the time.
      expect(answerOf(node, SERVICE)).toBe(NEW);
      return daemon.lines().some((line) => said.test(line));
    });
    await daemon.waitForLine(/plugin\/reload: Corefile changed, reloading complete/);
    // From here on the old address is of no use to anybody.
    node.run('conntrack', '-D', '-p', 'tcp', '--orig-dst', OLD);
    expect(answerOf(node, SERVICE)).toBe(NEW);
  });

  it('looks a host name up at the name servers of the node', { timeout: 30_000 }, async () => {
    const { node, far } = makeNetwork();
    const zone = `.:53 {\n hosts {\n ${POD} dns.test\n 192.0.2.7 a.test\n }\n}\n`;
    await start(far, serveCommand(tempFile(zone)));
    const resolvConf = tempFile(`nameserver ${LISTEN}\nnameserver ${POD}\n`, 'resolv.conf');
    const corefile = tempFile(`.:53 {\n bind ${LISTEN}\n forward . dns.test\n}\n`);
    // Commands in a namespace have mounts of their own.
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const daemon = await start(node, ['sh', '-c', script, resolvConf, ...serveCommand(corefile)]);
    expect(answerOf(node, 'a.test')).toBe('192.0.2.7');
    expect(daemon.lines()).toContain(
      `[WARNING] plugin/forward: ${LISTEN}:53 is not asked for addresses: it is this server`,
    );
  });
});
