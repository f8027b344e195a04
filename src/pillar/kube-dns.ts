/**
 * What the kube-dns ConfigMap says: `stubDomains`, a JSON object of domains and their name servers, and `upstreamNameservers`, a JSON list. The
 * checks are node-cache's two (its `Config.Validate` and `ValidateNodeLocalCacheConfig`); what they cost is not: there one mistake
 * anywhere makes the whole change void, here a bad domain costs that domain, a bad upstream that upstream, and a text that cannot be read
 * at all leaves its key as it was last good. Where the texts come from is decided elsewhere. Pure.
 */
import { messageOf } from '../base/error-message.ts';
import { parseZoneKey } from '../corefile/zone-key.ts';
import { whyNoNameServer } from './name-server.ts';

export interface KubeDns {
  /** Name servers by domain; at least one each. In the order of the alphabet, so that the same ConfigMap always gives the same Corefile. */
  readonly stubDomains: ReadonlyMap<string, readonly string[]>;
  /** Empty: those of /etc/resolv.conf. */
  readonly upstreamNameservers: readonly string[];
}

export const NO_KUBE_DNS: KubeDns = { stubDomains: new Map(), upstreamNameservers: [] };

/** The keys that mean something; others, such as the `federations` of old clusters, are looked past. */
export const KUBE_DNS_KEYS = ['stubDomains', 'upstreamNameservers'] as const;

export interface KubeDnsReading {
  readonly kubeDns: KubeDns;
  /** What is wrong and what it costs, one sentence each, for the log. */
  readonly faults: readonly string[];
}

/** As kube-dns has it, and resolv.conf(5). */
const MOST_UPSTREAMS = 3;
/** As many as one `forward` takes. */
const MOST_STUB_SERVERS = 15;

/** RFC 1123 section 2.1, as Kubernetes reads it: lower case, 253 octets. */
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const MOST_SUBDOMAIN_OCTETS = 253;

/**
 * @param data the octets of each key that there is
 * @param before what was last good, which keys keep that cannot be read
 */
export function readKubeDns(data: ReadonlyMap<string, Uint8Array>, before: KubeDns): KubeDnsReading {
  const faults: string[] = [];
  const stubDomains = readKey('stubDomains', data, faults, readStubDomains);
  const upstreams = readKey('upstreamNameservers', data, faults, readUpstreams);
  return {
    kubeDns: {
      stubDomains: stubDomains === 'unreadable' ? before.stubDomains : (stubDomains ?? new Map()),
      upstreamNameservers: upstreams === 'unreadable' ? before.upstreamNameservers : (upstreams ?? []),
    },
    faults,
  };
}

/** @throws {RangeError} with what was expected, when nothing can be made of the value */
type ReadValue<Value> = (value: unknown, faults: string[]) => Value;

function readKey<Value>(
  key: (typeof KUBE_DNS_KEYS)[number],
  data: ReadonlyMap<string, Uint8Array>,
  faults: string[],
  read: ReadValue<Value>,
): Value | undefined | 'unreadable' {
  const octets = data.get(key);
  if (octets === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
    return value === null ? undefined : read(value, faults);
  } catch (error) {
    faults.push(`${key} of the kube-dns ConfigMap stays as it was: ${messageOf(error)}`);
    return 'unreadable';
  }
}

function readStubDomains(value: unknown, faults: string[]): ReadonlyMap<string, readonly string[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError('expected a JSON object of domains and lists of name servers');
  }
  const domains = new Map<string, readonly string[]>();
  for (const [domain, servers] of Object.entries(value).toSorted(byName)) {
    const fault = whyNoDomain(domain) ?? whyNoServers(servers);
    if (fault === undefined) domains.set(domain, servers as readonly string[]);
    else faults.push(`stub domain ${JSON.stringify(domain)} is left out: ${fault}`);
  }
  return domains;
}

function whyNoDomain(domain: string): string | undefined {
  if (domain.length > MOST_SUBDOMAIN_OCTETS || !SUBDOMAIN.test(domain)) {
    return 'it is no domain name (lower-case letters, digits, - and .)';
  }
  try {
    parseZoneKey(domain, 0);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function whyNoServers(servers: unknown): string | undefined {
  if (!isTexts(servers)) return 'expected a list of name servers';
  if (servers.length === 0) return 'it has no name servers';
  if (servers.length > MOST_STUB_SERVERS) return `it has more than ${MOST_STUB_SERVERS} name servers`;
  const bad = servers.find((server) => whyNoNameServer(server) !== undefined);
  return bad === undefined ? undefined : `name server ${JSON.stringify(bad)} ${whyNoNameServer(bad)}`;
}

function readUpstreams(value: unknown, faults: string[]): readonly string[] {
  if (!isTexts(value)) throw new RangeError('expected a JSON list of name servers');
  const good = value.filter((server) => {
    const fault = whyNoNameServer(server);
    if (fault !== undefined) faults.push(`upstream name server ${JSON.stringify(server)} ${fault}: left out`);
    return fault === undefined;
  });
  if (good.length === 0 && value.length > 0) throw new RangeError('none of its name servers can be used');
  if (good.length > MOST_UPSTREAMS) {
    faults.push(
      `upstreamNameservers names more than ${MOST_UPSTREAMS} servers: the first ${MOST_UPSTREAMS} are used`,
    );
  }
  return good.slice(0, MOST_UPSTREAMS);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** By code units: the same on every machine. */
const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);
