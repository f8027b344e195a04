/**
 * Which address packets leave from while the intercepted addresses are local: the node's own, so that answers come back also when kube-proxy
 * sends the question elsewhere (kubernetes/kubernetes#134239).
 */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { requireLab } from '../support/namespace.ts';
import type { Namespace } from '../support/namespace.ts';
import {
  ADDRESSES,
  CLUSTER,
  NODE,
  OUTSIDE,
  addDefaultRoutes,
  hostWithUplink,
  linkOn,
  loneHost,
  sourceTo,
} from './link-host.ts';

const { available, reason } = requireLab('nft');

const QUESTIONS = [CLUSTER[4], CLUSTER[6]];
const PROGRAMS = import.meta.dirname;

/** As kube-proxy does it for the cluster DNS, without masquerading: that is for sources outside of the cluster. */
const DNAT = `table inet kube-proxy {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr ${CLUSTER[4]} meta l4proto { tcp, udp } th dport 53 dnat ip to ${OUTSIDE[4]}
    ip6 daddr ${CLUSTER[6]} meta l4proto { tcp, udp } th dport 53 dnat ip6 to ${OUTSIDE[6]}
  }
}`;

async function answering(host: Namespace, who: string, addresses: readonly string[]): Promise<void> {
  const child = host.start([process.execPath, `${PROGRAMS}/answer.ts`, who, ...addresses]);
  await child.waitForLine(/^ready$/);
}

const ask = (host: Namespace, addresses: readonly string[] = QUESTIONS): string[] =>
  host
    .run(process.execPath, `${PROGRAMS}/ask.ts`, ...addresses)
    .trim()
    .split('\n');

const answers = (who: string, source: typeof NODE | typeof OUTSIDE): string[] =>
  QUESTIONS.flatMap((address) => {
    const from = source[address.includes(':') ? 6 : 4];
    return ['udp', 'tcp'].map((protocol) => `${protocol} ${address} from ${from}: ${who} saw ${from}`);
  });

describe.skipIf(!available)(`where host processes ask from ${reason}`, () => {
  it("is the node's address, so that an answer of the cluster DNS comes back", async () => {
    const { node, outside } = hostWithUplink();
    await linkOn(node).ensure();
    await answering(outside, 'cluster DNS', [OUTSIDE[4], OUTSIDE[6]]);
    node.feed(DNAT, 'nft', '-f', '-');

    expect(ask(node)).toEqual(answers('cluster DNS', NODE));
  });

  it('would be the intercepted address without our routes, and no answer would come back', async () => {
    const { node, outside } = hostWithUplink();
    node.run('ip', 'link', 'add', 'plain0', 'type', 'bridge');
    node.run('ip', 'link', 'set', 'plain0', 'up');
    for (const address of QUESTIONS) node.run('ip', 'address', 'add', address, 'dev', 'plain0');
    await eventually(() => !node.run('ip', 'address', 'show', 'dev', 'plain0').includes('tentative'));
    await answering(outside, 'cluster DNS', [OUTSIDE[4], OUTSIDE[6]]);
    node.feed(DNAT, 'nft', '-f', '-');

    expect(ask(node).filter((line) => line.includes('saw'))).toEqual([]);
  });

  it("is the node's address also for a listener on the intercepted address itself", async () => {
    const { node } = hostWithUplink();
    await linkOn(node).ensure();
    await answering(node, 'cache', QUESTIONS);

    expect(ask(node)).toEqual(answers('cache', NODE));
  });

  it('does not keep the listener from clients elsewhere', async () => {
    const { node, outside } = hostWithUplink();
    await linkOn(node).ensure();
    await answering(node, 'cache', QUESTIONS);
    addRoutesTo(outside);

    expect(ask(outside)).toEqual(answers('cache', OUTSIDE));
  });

  it('does not change what counts as local, for nftables and for iptables', async () => {
    const { node } = hostWithUplink();
    await linkOn(node).ensure();
    await answering(node, 'cache', QUESTIONS);
    node.feed(
      `table inet look {
        chain output {
          type filter hook output priority raw; policy accept;
          ip daddr ${CLUSTER[4]} fib daddr type != local drop
          ip6 daddr ${CLUSTER[6]} fib daddr type != local drop
        }
      }`,
      'nft',
      '-f',
      '-',
    );
    for (const [command, address] of [
      ['iptables', CLUSTER[4]],
      ['ip6tables', CLUSTER[6]],
    ] as const) {
      node.run(
        command,
        '-t',
        'raw',
        '-A',
        'PREROUTING',
        '-d',
        address,
        '-m',
        'addrtype',
        '!',
        '--dst-type',
        'LOCAL',
        '-j',
        'DROP',
      );
    }

    expect(ask(node)).toEqual(answers('cache', NODE));
  });

  it('goes on to be answered when somebody has deleted an IPv4 address', async () => {
    const { node } = hostWithUplink();
    await linkOn(node).ensure();
    await answering(node, 'cache', [CLUSTER[4]]);
    node.run('ip', 'address', 'del', `${CLUSTER[4]}/32`, 'dev', 'nodelocaldns');

    const said = `from ${NODE[4]}: cache saw ${NODE[4]}`;
    expect(ask(node, [CLUSTER[4]])).toEqual([`udp ${CLUSTER[4]} ${said}`, `tcp ${CLUSTER[4]} ${said}`]);
  });

  it('follows the node to its new addresses', async () => {
    const { node } = hostWithUplink();
    const link = linkOn(node);
    await link.ensure();

    node.run('ip', 'address', 'flush', 'dev', 'up0', 'scope', 'global');
    node.run('ip', 'address', 'add', '10.1.0.7/24', 'dev', 'up0');
    node.run('ip', 'address', 'add', 'fd00:1::7/64', 'dev', 'up0', 'nodad');
    node.run('ip', 'route', 'replace', 'default', 'via', OUTSIDE[4]);
    node.run('ip', '-6', 'route', 'replace', 'default', 'via', OUTSIDE[6]);

    expect(await link.ensure()).toContain(`host processes ask ${CLUSTER[4]} from 10.1.0.7`);
    expect([sourceTo(node, CLUSTER[4]), sourceTo(node, CLUSTER[6])]).toEqual(['10.1.0.7', 'fd00:1::7']);
    expect(await link.ensure()).toEqual([]);
  });

  it('is told once when the node has no way out, and mended when it has one again', async () => {
    const { node } = hostWithUplink();
    const link = linkOn(node);
    await link.ensure();

    node.run('ip', 'address', 'flush', 'dev', 'up0', 'scope', 'global');
    const words = await link.ensure();
    expect(words.at(-1)).toMatch(
      /^host processes may ask 169\.254\.20\.10, 10\.96\.0\.10, fd00:10::a from that address itself/,
    );
    expect(await link.ensure()).toEqual([]);
    for (const address of ADDRESSES) expect(node.run('ip', 'route', 'get', address)).toMatch(/^local /);
    expect(sourceTo(node, CLUSTER[4])).toBe(CLUSTER[4]);

    node.run('ip', 'address', 'add', `${NODE[4]}/24`, 'dev', 'up0');
    node.run('ip', 'address', 'add', `${NODE[6]}/64`, 'dev', 'up0', 'nodad');
    addDefaultRoutes(node);
    await link.ensure();
    expect([sourceTo(node, CLUSTER[4]), sourceTo(node, CLUSTER[6])]).toEqual([NODE[4], NODE[6]]);
  });

  it('is not a link-local address, where the node has no other IPv6 address', async () => {
    const { node } = hostWithUplink();
    node.run('ip', '-6', 'address', 'flush', 'dev', 'up0', 'scope', 'global');
    await eventually(() => !node.run('ip', 'address', 'show', 'dev', 'up0').includes('tentative'));
    node.run('ip', '-6', 'route', 'replace', 'default', 'via', 'fe80::1', 'dev', 'up0');

    const link = linkOn(node);
    expect((await link.ensure()).at(-1)).toMatch(
      /^host processes may ask fd00:10::a from that address itself/,
    );
    expect(await link.ensure()).toEqual([]);
    expect(sourceTo(node, CLUSTER[4])).toBe(NODE[4]);
  });
});

describe.skipIf(!available)(`where host processes ask others from ${reason}`, () => {
  it('is never an intercepted address, also on a node that has its own addresses on another interface', async () => {
    const node = loneHost();
    // As with BGP to the host: nothing but link-local addresses on the uplink, the node's on a loopback-like interface made later.
    node.run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
    for (const device of ['up0', 'up1']) node.run('ip', 'link', 'set', device, 'up');
    await linkOn(node, ['10.96.0.10', '2001:db8:ffff::a']).ensure();
    node.run('ip', 'link', 'add', 'own0', 'type', 'bridge');
    node.run('ip', 'link', 'set', 'own0', 'up');
    node.run('ip', 'address', 'add', '192.0.2.1/32', 'dev', 'own0');
    node.run('ip', 'address', 'add', '2001:db8::1/128', 'dev', 'own0', 'nodad');
    node.run('ip', 'route', 'add', 'default', 'dev', 'up0');
    node.run('ip', '-6', 'route', 'add', 'default', 'dev', 'up0');

    // Nearer to the intercepted address than to the node's own, by the prefixes.
    expect(sourceTo(node, '2001:db8:ffff::b')).toBe('2001:db8::1');
    expect(sourceTo(node, '10.96.0.11')).toBe('192.0.2.1');
  });
});

function addRoutesTo(outside: Namespace): void {
  outside.run('ip', 'route', 'add', CLUSTER[4], 'via', NODE[4]);
  outside.run('ip', 'route', 'add', CLUSTER[6], 'via', NODE[6]);
}
