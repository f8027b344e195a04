/**
 * Finds out that the upstream Service was made anew, with another address than the environment of this process has: asks the cluster DNS for
 * the Service's name, over the connections that are kept to it. Those lead to its pods for some minutes after the address is gone, since the
 * kernel keeps what it knows of established connections; a new connection would lead nowhere. So this finds a Service that was replaced while
 * queries came, and not one that was away for longer than connections live; then the pod has to be restarted.
 *
 * Only upstreams at the Service's present address are asked, and an address is believed only when a server there says the same: what the
 * cluster is asked must not be sent elsewhere because of one answer.
 */
import { isIP } from 'node:net';
import type { Log } from '../observe/log-types.ts';
import { addressesIn } from '../upstream/address-lookup.ts';
import type { FoundAddresses } from '../upstream/address-lookup.ts';
import { nameFromText } from '../wire/name.ts';
import { CLASS_IN, TYPE_A, TYPE_AAAA } from '../wire/registry.ts';
import type { Block } from './block.ts';

/** After the start; the environment of a container may be older than it is. */
export const FIRST_LOOK_MS = 5_000;
/** Between two looks: a thousand nodes ask the cluster DNS some 33 times a second for this. */
export const LOOK_MS = 30_000;
/** Of that, shorter or longer at random, so that nodes do not ask together. */
const SPREAD = 0.2;

export interface ServiceFollowerSetting {
  /** The Service's address at the moment. */
  readonly address: () => string | undefined;
  /** The Service's name in a domain of the cluster, without final dot. */
  readonly hostName: (domain: string) => string;
  /** The cluster's domain, if it was given; else it is what a block is for that asks the Service. */
  readonly clusterDomain: string | undefined;
  /** What is served now. */
  readonly blocks: () => readonly Pick<Block, 'zones' | 'upstreams'>[];
  /** Asks a server for the addresses of a name. @throws Error when it gives none */
  readonly lookUpAt: (name: string, server: { host: string; port: number }) => Promise<FoundAddresses>;
  /** The Service is at another address, where somebody answers. */
  readonly moved: (address: string) => void;
  readonly log: Log;
}

/** Who is asked for what. */
interface Inquiry {
  readonly upstream: Block['upstreams'][number];
  readonly port: number;
  readonly name: string;
}

export class ServiceFollower {
  private readonly setting: ServiceFollowerSetting;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(setting: ServiceFollowerSetting) {
    this.setting = setting;
  }

  start(): void {
    this.lookIn(FIRST_LOOK_MS);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private lookIn(ms: number): void {
    if (this.isStopped) return;
    const spreadMs = ms * (1 - SPREAD / 2 + SPREAD * Math.random());
    this.timer = setTimeout(() => void this.look().finally(() => this.lookIn(LOOK_MS)), spreadMs).unref();
  }

  private async look(): Promise<void> {
    const { address, log, moved } = this.setting;
    const present = address();
    const inquiry = present === undefined ? undefined : this.inquiryAt(present);
    if (present === undefined || inquiry === undefined) return;
    const { name, port } = inquiry;
    const found = await this.inquire(inquiry, isIP(present) === 4 ? TYPE_A : TYPE_AAAA);
    const [other] = found;
    if (other === undefined || found.includes(present) || !(await this.isConfirmed(name, other, port)))
      return;
    if (this.isStopped || address() !== present) return;
    log.info(`the upstream Service ${name} is ${other} now, and no longer ${present}`);
    moved(other);
  }

  /** A block that asks the Service, for names of the cluster. */
  private inquiryAt(present: string): Inquiry | undefined {
    const { blocks, clusterDomain, hostName } = this.setting;
    for (const { zones, upstreams } of blocks()) {
      const domain = zones
        .map(({ text }) => text.replace(/\.$/, ''))
        .find((zone) => isDomain(zone, clusterDomain));
      if (domain === undefined) continue;
      for (const upstream of upstreams) {
        const [, ipv6, ipv4, port] = /^(?:\[(.*)\]|(.*)):(\d+)$/.exec(upstream.label) ?? [];
        if ((ipv6 ?? ipv4) !== present) continue;
        return { upstream, port: Number(port), name: hostName(clusterDomain ?? domain) };
      }
    }
    return undefined;
  }

  /** Addresses of the Service; none where nobody answers. */
  private async inquire({ upstream, name }: Inquiry, type: number): Promise<readonly string[]> {
    try {
      const reply = await upstream.ask({ name: nameFromText(`${name}.`), type, class: CLASS_IN });
      return reply instanceof Uint8Array ? addressesIn(reply, type).addresses : [];
    } catch {
      // An outage is told of by who is in its way.
      return [];
    }
  }

  private async isConfirmed(name: string, host: string, port: number): Promise<boolean> {
    try {
      const { ipv4 = [], ipv6 = [] } = await this.setting.lookUpAt(name, { host, port });
      return [...ipv4, ...ipv6].includes(host);
    } catch {
      return false;
    }
  }
}

/** Whether a block for this zone answers for the cluster's own names. */
function isDomain(zone: string, clusterDomain: string | undefined): boolean {
  if (clusterDomain !== undefined)
    return zone === '' || clusterDomain === zone || clusterDomain.endsWith(`.${zone}`);
  return zone !== '' && !/(?:^|\.)arpa$/.test(zone);
}
