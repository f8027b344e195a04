import { describe, expect, it } from 'vitest';
import { cleanHost } from '../../../src/host/clean-host.ts';
import type { Cleaned } from '../../../src/host/clean-host.ts';
import { cleanFormerRules } from '../../../src/host/iptables/clean-former.ts';
import { requireLab } from '../support/namespace.ts';
import type { Namespace } from '../support/namespace.ts';
import { ADDRESSES, NAME, linkOn, loneHost, toolsOf } from './link-host.ts';

const { available, reason } = requireLab('nft', 'iptables');

const clean = (node: Namespace, calls: string[] = []): Promise<Cleaned> =>
  cleanHost({ interfaceName: NAME, run: toolsOf(node, calls), cleanFormerRules });

const stands = (node: Namespace): string =>
  [
    node.run('ip', 'address'),
    node.run('nft', 'list', 'ruleset'),
    node.run('iptables-legacy-save'),
    node.run('ip', 'route', 'show', 'table', 'all'),
  ]
    .join('\n')
    .replaceAll(/^#.*$|valid_lft.*$/gm, '');

describe.skipIf(!available)(`guard --once-clean on a host ${reason}`, () => {
  it('removes our table and then the interface, and nothing else', async () => {
    const node = loneHost();
    node.run('nft', 'add', 'table', 'inet', 'other');
    const before = stands(node);
    await linkOn(node).ensure();
    node.run('nft', 'add', 'table', 'inet', 'nodelocaldns');

    const calls: string[] = [];
    const { done, failures } = await clean(node, calls);

    expect(failures).toEqual([]);
    expect(done).toEqual(['removed the nftables table inet nodelocaldns', `removed the bridge ${NAME}`]);
    expect(calls[0]).toMatch(/^nft /);
    expect(calls.at(-1)).toContain('ip -batch');
    expect(stands(node)).toBe(before);
    expect(await clean(node)).toEqual({ done: [], failures: [] });
  });

  it('removes what node-cache left: its rules and its interface', async () => {
    const node = loneHost();
    const comment = ['-m', 'comment', '--comment', 'NodeLocal DNS Cache: skip conntrack'];
    const rule = ['-p', 'udp', '-d', '169.254.20.10', '--dport', '53', '-j', 'NOTRACK', ...comment];
    node.run('iptables', '-t', 'raw', '-I', 'PREROUTING', ...rule);
    node.run('ip', 'link', 'add', NAME, 'type', 'bridge');
    for (const address of ADDRESSES) node.run('ip', 'address', 'add', address, 'dev', NAME);

    const { done, failures } = await clean(node);

    expect(failures).toEqual([]);
    expect(done).toContain(`removed the bridge ${NAME}`);
    expect(node.run('iptables', '-t', 'raw', '-S')).not.toContain('NOTRACK');
    expect(node.succeeds('ip', 'link', 'show', 'dev', NAME)).toBe(false);
  });

  it("leaves somebody else's interface of that name, and says so", async () => {
    const node = loneHost();
    node.run('ip', 'link', 'add', NAME, 'type', 'bridge');
    node.run('ip', 'address', 'add', '172.17.0.1/16', 'dev', NAME);

    const { failures } = await clean(node);

    expect(failures).toEqual([expect.stringContaining(`the bridge ${NAME} has 172.17.0.1/16`)]);
    expect(node.succeeds('ip', 'link', 'show', 'dev', NAME)).toBe(true);
  });
});
