/**
 * A server of the cluster DNS that is gone without a word, as when its node loses power: connections to it that nothing is asked on are
 * given up before a query finds out.
 */
import { expect, describe, it } from 'vitest';
import { serveCommand } from '../../scenario/process/setting.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { tempFile } from '../../support/temp-file.ts';
import { Namespace, requireLab } from '../support/namespace.ts';

const { available, reason } = requireLab('dig', 'nft', 'ss');

const CLUSTER_DNS = '198.51.100.2';
const ANSWERING = 'template IN A . {\n    answer "{{ .Name }} 5 IN A 192.0.2.7"\n  }';

async function serve(host: Namespace, corefile: string): Promise<void> {
  const daemon = host.start(serveCommand(tempFile(corefile)), { cwd: REPOSITORY_ROOT });
  await daemon.waitForLine(READY_PATTERN);
}

const connections = (node: Namespace): number =>
  node.run('ss', '-Htn', 'state', 'established', 'dport', '=', ':53').split('\n').filter(Boolean).length;

describe.skipIf(!available)(`serve ${reason}`, () => {
  it('gives up an idle connection whose peer is gone, within the time of two probes', async () => {
    const [node, far] = [Namespace.create('node'), Namespace.create('far')];
    node.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.name);
    node.run('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'eth0');
    far.run('ip', 'address', 'add', `${CLUSTER_DNS}/24`, 'dev', 'eth0');
    for (const host of [node, far]) host.run('ip', 'link', 'set', 'eth0', 'up');
    await serve(far, `.:53 {\n  ${ANSWERING}\n}\n`);
    await serve(
      node,
      `.:53 {\n  bind 127.0.0.1\n  forward . ${CLUSTER_DNS} {\n    force_tcp\n    expire 1m\n  }\n}\n`,
    );
    expect(node.run('dig', '+short', '@127.0.0.1', 'a.test').trim()).toBe('192.0.2.7');
    expect(connections(node)).toBe(1);
    far.run(
      'nft',
      'add table inet gone; add chain inet gone input { type filter hook input priority 0; policy drop; }',
    );
    const sinceMs = performance.now();
    await eventually(() => connections(node) === 0);
    expect(performance.now() - sinceMs).toBeLessThan(5_000);
  });
});
