/**
 * The names that the loads ask for and what is true of them: a cluster's services and the world outside of it. There is no list anywhere;
 * every answer follows from the name, so that the upstream knows unique names by the million. Pure.
 *
 *     svc-17.ns-3.svc.cluster.local    one A, no AAAA
 *     pods-4.ns-3.svc.cluster.local    twenty A, no AAAA: a headless service
 *     any other name in cluster.local  NXDOMAIN
 *     anything.bench.example           one A, one AAAA
 *     everything else                  nothing
 */
import { NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA } from '../../src/wire/registry.ts';

export const CLUSTER_ZONE = 'cluster.local.';
export const OUTSIDE_ZONE = 'bench.example.';
/** The upstream answers nothing here. */
export const SILENT_ZONE = 'silent.example.';
export const NAMESPACES = 20;
export const HEADLESS_ADDRESSES = 20;

/** Longer than any run: what has been cached stays. */
export const TTL_SECONDS = 3600;

export interface Truth {
  readonly rcode: number;
  /** RDATA of the answer's records, all of the type that was asked; without any, an SOA of `zone` says so. */
  readonly addresses: readonly Uint8Array[];
  /** The zone that the name is in, with final dot. */
  readonly zone: string;
}

/** A service: the same for the same number, and seldom in the same namespace as its neighbour. */
export const serviceName = (number: number): string => `svc-${number}.ns-${number % NAMESPACES}`;
export const headlessName = (number: number): string => `pods-${number}.ns-${number % NAMESPACES}`;
export const clusterName = (name: string): string => `${name}.svc.${CLUSTER_ZONE}`;
export const outsideName = (label: string): string => `${label}.${OUTSIDE_ZONE}`;

/** @param name in lower case, with final dot */
export function truthOf(name: string, type: number): Truth {
  if (name === OUTSIDE_ZONE || name.endsWith(`.${OUTSIDE_ZONE}`)) {
    return { rcode: NOERROR, addresses: outsideAddresses(name, type), zone: OUTSIDE_ZONE };
  }
  if (name === CLUSTER_ZONE) return { rcode: NOERROR, addresses: [], zone: CLUSTER_ZONE };
  if (!name.endsWith(`.${CLUSTER_ZONE}`)) return { rcode: NOERROR, addresses: [], zone: '.' };
  const [, kind] = /^(svc|pods)-\d+\.ns-\d+\.svc\.cluster\.local\.$/.exec(name) ?? [];
  if (kind === undefined) return { rcode: NXDOMAIN, addresses: [], zone: CLUSTER_ZONE };
  const count = kind === 'pods' ? HEADLESS_ADDRESSES : 1;
  return { rcode: NOERROR, addresses: type === TYPE_A ? ipv4Addresses(name, count) : [], zone: CLUSTER_ZONE };
}

function outsideAddresses(name: string, type: number): Uint8Array[] {
  if (type === TYPE_A) return ipv4Addresses(name, 1);
  if (type !== TYPE_AAAA) return [];
  const address = new Uint8Array(16);
  address.set([0xfd, 0, 0, ...ipv4Address(name, 0)]);
  return [address];
}

const ipv4Addresses = (name: string, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => ipv4Address(name, index));

/** Some address of 10.0.0.0/8 that the name makes; addresses of a headless service differ in the last octet. */
function ipv4Address(name: string, index: number): Uint8Array {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) & 0xffff;
  return Uint8Array.of(10, sum >>> 8, sum & 0xff, index + 1);
}
