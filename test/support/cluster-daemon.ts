/**
 * The daemon in front of a cluster DNS, as a node runs it: `cluster.local` over TCP to a real server, kept for 30 s, and denials for 5 s.
 */
import { CLUSTER_DOMAIN, CLUSTER_ZONE } from './cluster-zone.ts';
import { startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';
import { dig } from './dig.ts';
import type { DigResult } from './dig.ts';
import { freePort } from './free-port.ts';
import { startKnot } from './knot.ts';
import type { Knot } from './knot.ts';

export interface ClusterDaemon {
  readonly knot: Knot;
  readonly daemon: Daemon;
  readonly port: number;
  readonly metricsPort: number;
  /** Asks for `NAME.cluster.local`, once, with these words behind it. */
  ask(name: string, ...words: string[]): Promise<DigResult>;
  stop(): Promise<void>;
}

/** More addresses than 512 octets hold however they are compressed, and fewer than 1232 hold. */
export const CROWD_ADDRESSES: readonly string[] = Array.from(
  { length: 60 },
  (_, index) => `10.244.2.${index + 1}`,
);

const ZONE = `${CLUSTER_ZONE}
${CROWD_ADDRESSES.map((address) => `crowd.default.svc A ${address}`).join('\n')}
`;

/** @param cache the block of the `cache` directive */
export async function startClusterDaemon(
  cache = '{\n success 9984 30\n denial 9984 5\n }',
): Promise<ClusterDaemon> {
  const [knot, port, metricsPort] = await Promise.all([
    startKnot({ zones: { [CLUSTER_DOMAIN]: ZONE } }),
    freePort(),
    freePort(),
  ]);
  const daemon = await startDaemon({
    corefile: `${CLUSTER_DOMAIN}:${port} {
      errors
      cache ${cache}
      loop
      bind 127.0.0.1
      forward . ${knot.host}:${knot.port} {
        force_tcp
      }
      prometheus 127.0.0.1:${metricsPort}
    }
`,
  });
  return {
    knot,
    daemon,
    port,
    metricsPort,
    ask: (name, ...words) =>
      dig(['@127.0.0.1', '-p', String(port), '+tries=1', `${name}.${CLUSTER_DOMAIN}`, ...words]),
    async stop() {
      await Promise.all([daemon.stop(), knot.stop()]);
    },
  };
}
