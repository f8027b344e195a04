/**
 * The addresses of a host name, asked of a few resolvers one after the other until one knows some. The questions go past every handler of
 * ours and are not counted as a client's. Who is asked, and when again, is decided elsewhere.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/error-message.ts';
import { ipToText } from '../base/ip-address.ts';
import type { DatagramChannels } from '../datagram/channels.ts';
import { SECTION_ANSWER } from '../wire/header.ts';
import { nameFromText } from '../wire/name.ts';
import { RECORD, RecordWalk } from '../wire/records.ts';
import { CLASS_IN, NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA, rcodeName } from '../wire/registry.ts';
import { replyStatus } from './reply-check.ts';
import { hostPort } from './settings.ts';
import type { UpstreamAddress, UpstreamSettings } from './settings.ts';
import { UNCOUNTED } from './upstream-metrics.ts';
import { Upstream, makeAsk } from './upstream.ts';

/** As CoreDNS gives each resolver. */
const TIMEOUT_MS = 2_000;

const SETTINGS: UpstreamSettings = {
  expireMs: TIMEOUT_MS,
  readTimeoutMs: TIMEOUT_MS,
  maxFails: 0,
  healthCheckIntervalMs: TIMEOUT_MS,
  healthCheckDomain: Uint8Array.of(0),
  healthCheckRecursion: true,
  healthCheckTransport: 'udp',
};

export interface FoundAddresses {
  /** IP literals; undefined where nothing is known, since that question was not answered. */
  readonly ipv4: readonly string[] | undefined;
  readonly ipv6: readonly string[] | undefined;
  /** How long this holds at least, by all records of the answers. */
  readonly ttlSeconds: number;
}

export interface LookupDependencies {
  readonly clock: Clock;
  readonly channels?: DatagramChannels | undefined;
}

/**
 * @param name host name
 * @param servers IP literals, the first to be asked first; each gets two seconds
 * @throws Error `no addresses found for "NAME": REASON`
 */
export async function lookUpAddresses(
  name: string,
  servers: readonly Pick<UpstreamAddress, 'host' | 'port'>[],
  dependencies: LookupDependencies,
): Promise<FoundAddresses> {
  let reason = servers.length === 0 ? 'there is no resolver to ask' : '';
  for (const { host, port } of servers) {
    const upstream = new Upstream({ protocol: 'dns', host, port }, SETTINGS, {
      ...dependencies,
      metrics: UNCOUNTED,
    });
    try {
      // One after the other is the point: most often the first one answers.
      const found = await askBoth(name, upstream, dependencies.clock);
      if (typeof found !== 'string') return found;
      reason = found === '' ? reason : `${hostPort(host, port)}: ${found}`;
    } finally {
      upstream.close();
    }
  }
  throw new Error(`no addresses found for "${name}"${reason === '' ? '' : `: ${reason}`}`);
}

/** @returns why there are none: an empty text where the name has none */
async function askBoth(name: string, upstream: Upstream, clock: Clock): Promise<FoundAddresses | string> {
  const [ipv4, ipv6] = await Promise.all([
    ask(name, TYPE_A, upstream, clock),
    ask(name, TYPE_AAAA, upstream, clock),
  ]);
  if (ipv4.addresses.length + ipv6.addresses.length === 0) return ipv4.failure ?? ipv6.failure ?? '';
  return {
    ipv4: ipv4.failure === undefined ? ipv4.addresses : undefined,
    ipv6: ipv6.failure === undefined ? ipv6.addresses : undefined,
    ttlSeconds: Math.min(ipv4.ttlSeconds, ipv6.ttlSeconds),
  };
}

/** What the reply to one question says. */
export interface Answer {
  readonly addresses: readonly string[];
  /** Infinity without records. */
  readonly ttlSeconds: number;
  /** Why nothing is known. */
  readonly failure?: string;
}

async function ask(name: string, type: number, upstream: Upstream, clock: Clock): Promise<Answer> {
  const question = { name: nameFromText(name), type, class: CLASS_IN };
  const options = { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true };
  try {
    const reply = await upstream.exchange(makeAsk(question, options), 'udp', clock.nowMs() + TIMEOUT_MS);
    return addressesIn(reply, type);
  } catch (error) {
    return { addresses: [], ttlSeconds: Infinity, failure: messageOf(error) };
  }
}

/** @param reply sound, as an exchange gives it. @param type A or AAAA */
export function addressesIn(reply: Uint8Array, type: number): Answer {
  const { rcode } = replyStatus(reply);
  if (rcode !== NOERROR && rcode !== NXDOMAIN) {
    return { addresses: [], ttlSeconds: Infinity, failure: `answered ${rcodeName(rcode) ?? rcode}` };
  }
  const addresses: string[] = [];
  let ttlSeconds = Infinity;
  const walk = new RecordWalk();
  if (!walk.start(reply, reply.length)) return { addresses, ttlSeconds };
  while (walk.next() === RECORD && walk.section === SECTION_ANSWER) {
    ttlSeconds = Math.min(ttlSeconds, walk.ttlSeconds);
    if (walk.type !== type || walk.class !== CLASS_IN) continue;
    addresses.push(ipToText(reply.subarray(walk.rdataOffset, walk.rdataOffset + walk.rdataLength)));
  }
  return { addresses: [...new Set(addresses)], ttlSeconds };
}
