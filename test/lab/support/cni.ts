/**
 * Pods attached to a node by the real CNI plugins, called as a kubelet's runtime calls them: the command in the environment, the network's
 * configuration on standard input. Addresses come from host-local, both families; everything that it remembers is in the caller's directory.
 */
import { dirname } from 'node:path';
import { toolPath } from '../../support/tools.ts';
import type { Namespace } from './namespace.ts';

/** `ptp` gives the pod a link of its own to the node; `bridge` puts it on a switch with the node's other pods. */
export type CniPlugin = 'ptp' | 'bridge';

export interface Attachment {
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface PodNetwork {
  readonly plugin: CniPlugin;
  readonly subnets: readonly [ipv4: string, ipv6: string];
}

interface Call {
  readonly node: Namespace;
  readonly pod: Namespace;
  readonly network: PodNetwork;
  /** For host-local's reservations. */
  readonly directory: string;
}

interface AddResult {
  readonly ips: readonly { readonly address: string }[];
}

/** @throws {Error} with what the plugin said */
export function attachPod(call: Call): Attachment {
  const { ips } = JSON.parse(callPlugin('ADD', call)) as AddResult;
  const [ipv4 = '', ipv6 = ''] = ips.map(({ address }) => address.split('/')[0]);
  return { ipv4, ipv6 };
}

/** As at a pod's end. @throws {Error} with what the plugin said */
export function detachPod(call: Call): void {
  callPlugin('DEL', call);
}

function callPlugin(command: 'ADD' | 'DEL', { node, pod, network, directory }: Call): string {
  const path = toolPath('ptp');
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: pod.name,
    CNI_NETNS: pod.path,
    CNI_IFNAME: 'eth0',
    CNI_PATH: dirname(path),
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const program = `${dirname(path)}/${network.plugin}`;
  return node.feed(JSON.stringify(configuration(network, directory)), 'env', ...assignments, program);
}

const configuration = ({ plugin, subnets }: PodNetwork, directory: string): object => ({
  cniVersion: '1.0.0',
  name: `lab-${plugin}`,
  type: plugin,
  ...(plugin === 'bridge' && { bridge: 'cni0', isGateway: true, hairpinMode: true }),
  ipMasq: false,
  ipam: {
    type: 'host-local',
    dataDir: directory,
    ranges: subnets.map((subnet) => [{ subnet }]),
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  },
});
