/**
 * Cluster DNS: one real server (Knot DNS) for each of its pods, on the pod's addresses in the `dns` namespace. They serve the same zone but
 * for one name, by which a client sees who answered.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from '../../support/child.ts';
import { CLUSTER_DOMAIN, CLUSTER_ZONE } from '../../support/cluster-zone.ts';
import { eventually } from '../../support/eventually.ts';
import { toolPath } from '../../support/tools.ts';
import type { Namespace } from './namespace.ts';
import { DNS_PODS, WHO, dnsPodMark, whoAddress } from './plan.ts';
import type { PerFamily } from './plan.ts';

export interface ClusterDns {
  stop(): Promise<void>;
  /** After `stop`. Resolves when both answer. */
  start(): Promise<void>;
}

/** Resolves when both answer on both of their addresses. */
export async function startClusterDns(host: Namespace, directory: string): Promise<ClusterDns> {
  let servers: readonly Child[] = [];
  const start = async (): Promise<void> => {
    servers = DNS_PODS.map((addresses, pod) =>
      startServer(host, join(directory, `knot-${pod}`), addresses, pod),
    );
    await Promise.all(DNS_PODS.flatMap(({ ipv4, ipv6 }) => [answers(host, ipv4), answers(host, ipv6)]));
  };
  await start();
  return {
    start,
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

function startServer(host: Namespace, directory: string, addresses: PerFamily, pod: number): Child {
  mkdirSync(directory, { recursive: true });
  const mark = whoAddress(dnsPodMark(pod));
  const owner = WHO.slice(0, -CLUSTER_DOMAIN.length - 1);
  writeFileSync(
    join(directory, 'cluster.zone'),
    `${CLUSTER_ZONE}\n${owner} A ${mark.ipv4}\n${owner} AAAA ${mark.ipv6}\n`,
  );
  writeFileSync(join(directory, 'knot.conf'), configuration(directory, addresses));
  return host.start([toolPath('knotd'), '--config', join(directory, 'knot.conf')]);
}

const answers = (host: Namespace, address: string): Promise<void> =>
  eventually(() =>
    host.succeeds('dig', '+short', '+tries=1', '+timeout=1', `@${address}`, CLUSTER_DOMAIN, 'SOA'),
  );

/** The control socket is in the directory: its path must be short, so the directory's must. */
const configuration = (directory: string, { ipv4, ipv6 }: PerFamily): string => `server:
    rundir: "${directory}"
    listen: [ "${ipv4}@53", "${ipv6}@53" ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-reuseport: off
control:
    listen: "${directory}/knot.sock"
database:
    storage: "${directory}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "${directory}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: ${CLUSTER_DOMAIN}
    file: "cluster.zone"
`;
