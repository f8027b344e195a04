/**
 * What the daemon of a chaos run is told: a cluster zone over TCP and everything else, as the manifest of a cluster has it, with what keeps
 * it answering when upstreams do not. Two upstreams of three know each zone, and the second one both.
 */

export interface Ports {
  readonly dns: number;
  readonly metrics: number;
  /** Of a server block that only some variants have. */
  readonly extra: number;
  readonly upstreams: readonly number[];
}

/** Which upstreams a zone has. */
export const UPSTREAMS_OF = { cluster: [0, 1], outside: [1, 2] } as const;
export type Zone = keyof typeof UPSTREAMS_OF;

export const zoneOf = (name: string): Zone => (name.endsWith('cluster.local.') ? 'cluster' : 'outside');

/** Changes that a reload brings; none touches a cache line, so that every cache is kept. */
export const VARIANTS = ['plain', 'logging', 'extra block', 'shuffled', 'broken'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Half a second for upstreams, a TTL of 30 s, and a failed refresh tried again after 5 s, so that it is seen how the truth comes back. */
const STALE = 'serve_stale 1h verify 500ms 30s 5s';
/** How long connections are kept that nobody uses. */
export const EXPIRE_SECONDS = 2;

export function corefile(ports: Ports, variant: Variant = 'plain'): string {
  const { dns, metrics, extra } = ports;
  const to = (zone: Zone): string =>
    UPSTREAMS_OF[zone].map((index) => `127.0.0.1:${ports.upstreams[index]}`).join(' ');
  const lines = [
    'bind 127.0.0.1',
    'errors',
    `prometheus 127.0.0.1:${metrics}`,
    ...(variant === 'logging' ? ['log'] : []),
    ...(variant === 'shuffled' ? ['loadbalance round_robin'] : []),
    ...(variant === 'broken' ? ['nonsense'] : []),
  ];
  return `${block(
    `cluster.local:${dns} in-addr.arpa:${dns}`,
    lines,
    `forward . ${to('cluster')} {
    force_tcp
    failover SERVFAIL REFUSED
    expire ${EXPIRE_SECONDS}s
  }`,
  )}
${block(
  `.:${dns}`,
  lines,
  `forward . ${to('outside')} {
    failover SERVFAIL REFUSED
    expire ${EXPIRE_SECONDS}s
  }`,
)}
${variant === 'extra block' ? `.:${extra} {\n  bind 127.0.0.1\n  whoami\n}\n` : ''}`;
}

const block = (keys: string, lines: readonly string[], forward: string): string => `${keys} {
  ${lines.join('\n  ')}
  cache {
    success 9984 30
    denial 9984 5
    servfail 1s
    prefetch 5 1m 20%
    ${STALE}
  }
  ${forward}
}`;
