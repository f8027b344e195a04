/** A node to have the interface on: an uplink to a host outside, which is its default route, and how tools are run there. */
import type { LinkPlan } from '../../../src/host/link.ts';
import { runTool } from '../../../src/host/run-tool.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import type { SightPaths } from '../../../src/host/link-sight.ts';
import { ManagedLink } from '../../../src/host/managed-link.ts';
import { Namespace } from '../support/namespace.ts';

export const NAME = 'nodelocaldns';
export const NODE = { 4: '10.1.0.1', 6: 'fd00:1::1' } as const;
export const OUTSIDE = { 4: '10.1.0.2', 6: 'fd00:1::2' } as const;
export const CLUSTER = { 4: '10.96.0.10', 6: 'fd00:10::a' } as const;
export const ADDRESSES: readonly string[] = ['169.254.20.10', CLUSTER[4], CLUSTER[6]];

/** Without a way out. */
export const loneHost = (): Namespace => Namespace.create('link');

export function hostWithUplink(): { node: Namespace; outside: Namespace } {
  const [node, outside] = [Namespace.create('link'), Namespace.create('out')];
  node.run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'down0', 'netns', outside.name);
  addTo(node, 'up0', NODE);
  addTo(outside, 'down0', OUTSIDE);
  addDefaultRoutes(node);
  return { node, outside };
}

function addTo(
  host: Namespace,
  device: string,
  { 4: address4, 6: address6 }: typeof NODE | typeof OUTSIDE,
): void {
  host.run('ip', 'address', 'add', `${address4}/24`, 'dev', device);
  host.run('ip', 'address', 'add', `${address6}/64`, 'dev', device, 'nodad');
  host.run('ip', 'link', 'set', device, 'up');
}

export function addDefaultRoutes(node: Namespace): void {
  node.run('ip', 'route', 'replace', 'default', 'via', OUTSIDE[4]);
  node.run('ip', '-6', 'route', 'replace', 'default', 'via', OUTSIDE[6]);
}

/** Runs tools inside. `calls` gets what was run. */
export function toolsOf(host: Namespace, calls: string[] = []): RunTool {
  return (about, call) => {
    calls.push([call.command, ...call.args].join(' '));
    const [command, ...prefix] = host.prefix;
    return runTool(about, { ...call, command, args: [...prefix, call.command, ...call.args] });
  };
}

export const planFor = (addresses: readonly string[], type: LinkPlan['type'] = 'bridge'): LinkPlan => ({
  name: NAME,
  type,
  addresses,
});

export const linkOn = (host: Namespace, addresses: readonly string[] = ADDRESSES): ManagedLink =>
  new ManagedLink(planFor(addresses), toolsOf(host), sightInto(host));

/** /proc and /sys as a process inside sees them. */
function sightInto(host: Namespace): SightPaths {
  const { pid } = host.start(['sleep', 'infinity']);
  return { sysClassNet: `/proc/${pid}/root/sys/class/net`, ifInet6: `/proc/${pid}/net/if_inet6` };
}

/** `address/length` of each that the interface holds, as `ip` sorts them, but for link-local ones. */
export function addressesOn(host: Namespace, device: string = NAME): string[] {
  const text = host.run('ip', '-brief', 'address', 'show', 'dev', device);
  const prefixes = text.trim().split(/\s+/).slice(2);
  return prefixes.filter((prefix) => !prefix.startsWith('fe80:'));
}

export function localRoutes(host: Namespace, address: string): string {
  const family = address.includes(':') ? '-6' : '-4';
  return host.run('ip', family, 'route', 'show', 'table', 'local', 'exact', address).trim();
}

/** What the kernel would send from to `address`. */
export const sourceTo = (host: Namespace, address: string): string | undefined =>
  / src (\S+)/.exec(host.run('ip', 'route', 'get', address))?.[1];
