/**
 * A host name among the upstreams of a `forward` line: its addresses, looked up when the line begins to serve, and again when their TTL is
 * over or when one of them has failed. What was found once is used until something else is found, so a resolver that is away changes
 * nothing. Asking for addresses, and asking upstreams, is done elsewhere.
 */
import { messageOf } from '../../base/error-message.ts';
import type { Log } from '../../observe/log-types.ts';
import type { Counter } from '../../observe/metric-types.ts';
import type { FoundAddresses } from '../../upstream/address-lookup.ts';

/** Between two lookups at least, whatever the TTL, and though an upstream fails. */
export const SOONEST_SECONDS = 5;
/** Between two lookups at most: a Service that was made anew is found within that, though its record is good for a day. */
export const LATEST_SECONDS = 300;
/** Between lookups that fail one after the other: 5, 10, 20, 40, 60 s. */
const LATEST_AFTER_FAILURE_SECONDS = 60;

/** What is known of a name; outlives a reload. */
export interface KnownAddresses {
  /** IP literals, in the order in which they are asked. */
  addresses: readonly string[];
}

export interface FollowedNameSetting {
  readonly name: string;
  readonly known: KnownAddresses;
  /** @throws Error that says why there are none */
  readonly lookUp: (name: string) => Promise<FoundAddresses>;
  /** Whether questions may go there; says so where not. */
  readonly isUsable: (address: string) => boolean;
  /** `known` holds something else. */
  readonly changed: () => void;
  readonly log: Log;
  readonly failures: Counter;
}

export class FollowedName {
  private readonly setting: FollowedNameSetting;
  private current: readonly string[];
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isStopped = false;
  private failuresInARow = 0;
  private lastComplaint = '';
  /** Since the last lookup `SOONEST_SECONDS` have passed. */
  private mayLookSoon = false;
  private isWantedSoon = false;

  constructor(setting: FollowedNameSetting) {
    this.setting = setting;
    this.current = setting.known.addresses;
  }

  /** IP literals, in the order in which they are asked. */
  get addresses(): readonly string[] {
    return this.current;
  }

  /**
   * Looks the name up for the first time. Does not wait for it where the addresses from before a reload will do.
   *
   * @throws {Error} as CoreDNS says it, when there is no address
   */
  async start(): Promise<void> {
    if (this.current.length > 0) {
      void this.look();
      return;
    }
    const complaint = await this.look();
    if (complaint === undefined) return;
    this.stop();
    throw new Error(`plugin/forward: failed to resolve "${this.setting.name}": ${complaint}`);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** An upstream of this name has failed: perhaps it is elsewhere by now. */
  lookSoon(): void {
    if (this.isStopped || this.isLooking) return;
    if (this.mayLookSoon) void this.look();
    else this.isWantedSoon = true;
  }

  /** @returns why nothing was found; undefined where something was */
  private async look(): Promise<string | undefined> {
    clearTimeout(this.timer);
    this.isLooking = true;
    this.mayLookSoon = false;
    this.isWantedSoon = false;
    const found = await this.find();
    this.isLooking = false;
    if (this.isStopped) return undefined;
    const complaint = typeof found === 'string' ? found : this.take(found);
    if (complaint !== undefined) this.failed(complaint);
    return complaint;
  }

  private async find(): Promise<FoundAddresses | string> {
    try {
      return await this.setting.lookUp(this.setting.name);
    } catch (error) {
      return messageOf(error);
    }
  }

  /** @returns what is wrong with all of them */
  private take(found: FoundAddresses): string | undefined {
    const { name, isUsable, log } = this.setting;
    const before = this.current;
    const all = [...familyOf(before, 4, found.ipv4), ...familyOf(before, 6, found.ipv6)].filter(isUsable);
    if (all.length === 0) return `no upstream can be at any address of "${name}"`;
    if (this.lastComplaint !== '') log.info(`"${name}" is found again`);
    this.failuresInARow = 0;
    this.lastComplaint = '';
    this.lookAfter(Math.min(LATEST_SECONDS, Math.max(SOONEST_SECONDS, found.ttlSeconds)));
    // Resolvers give addresses in another order each time; those that are known keep theirs.
    const kept = before.filter((address) => all.includes(address));
    const next = [...kept, ...all.filter((address) => !kept.includes(address))];
    if (next.length !== before.length || kept.length !== before.length) this.become(next);
    return undefined;
  }

  private become(addresses: readonly string[]): void {
    const { name, known, changed, log } = this.setting;
    this.current = addresses;
    known.addresses = addresses;
    log.info(`"${name}" is ${addresses.join(' ')}`);
    changed();
  }

  private failed(complaint: string): void {
    const { name, log, failures } = this.setting;
    failures.value++;
    const seconds = Math.min(LATEST_AFTER_FAILURE_SECONDS, SOONEST_SECONDS * 2 ** this.failuresInARow);
    if (seconds < LATEST_AFTER_FAILURE_SECONDS) this.failuresInARow++;
    this.lookAfter(seconds);
    if (this.current.length === 0 || complaint === this.lastComplaint) return;
    this.lastComplaint = complaint;
    log.warn(`failed to resolve "${name}": ${complaint}; still asking ${this.current.join(' ')}`);
  }

  /** In two waits, since after the first one an upstream that fails is reason enough to look. */
  private lookAfter(seconds: number): void {
    this.timer = setTimeout(() => {
      this.mayLookSoon = true;
      const leftMs = (seconds - SOONEST_SECONDS) * 1000;
      if (this.isWantedSoon || leftMs <= 0) void this.look();
      else this.timer = setTimeout(() => void this.look(), leftMs).unref();
    }, SOONEST_SECONDS * 1000).unref();
  }
}

/** @param found undefined where that is not known: those from before will do */
const familyOf = (
  before: readonly string[],
  family: 4 | 6,
  found: readonly string[] | undefined,
): readonly string[] => found ?? before.filter((address) => (address.includes(':') ? 6 : 4) === family);
