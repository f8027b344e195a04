/**
 * The lists `armed` and `live` of the match `recent`: files in /proc/net/xt_recent, one for each family, that stand as long as rules name them.
 * A write of `+address` or `-address` puts or takes one entry at once, with no lock and nobody's help. An entry carries the time of its last
 * renewal in jiffies; how many there are in a second, and how late it is, no file tells, so a mark that is put now serves as the clock.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { addressesOf, familyOf } from './family.ts';
import type { Family } from './family.ts';
import type { FileWrite, NamespaceFiles } from './namespace-files.ts';

export type List = 'armed' | 'live';

export const listName = (list: List, family: Family): string => `nodelocaldns-${list}${family}`;

const DIRECTORY = '/proc/net/xt_recent';
const pathOf = (list: List, family: Family): string => `${DIRECTORY}/${listName(list, family)}`;

/** How many entries a list holds before it forgets the oldest; one is the mark. */
const MOST_ENTRIES_FILE = '/sys/module/xt_recent/parameters/ip_list_tot';
const DEFAULT_MOST_ENTRIES = 100;

/** The addresses of nobody, which no packet can have as its destination: the mark. */
const MARKS: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

/** What Linux kernels are built with (CONFIG_HZ). */
const JIFFIES_PER_SECOND: readonly number[] = [100, 250, 300, 1000];
/** Tells the nearest two of them apart (25 jiffies or 30). */
const MEASURE_MS = 100;

const ENTRY = /^src=(\S+) .*?last_seen: (\d+)/;

export class RecentLists {
  readonly #files: NamespaceFiles;
  readonly #leaseSeconds: number;
  #jiffiesPerSecond: number | undefined;

  constructor(files: NamespaceFiles, seconds: number) {
    this.#files = files;
    this.#leaseSeconds = seconds;
  }

  /** Addresses that one list can hold. */
  async capacity(): Promise<number> {
    const total = Number((await this.#files.read(MOST_ENTRIES_FILE)) ?? DEFAULT_MOST_ENTRIES);
    return (Number.isInteger(total) && total > 0 ? total : DEFAULT_MOST_ENTRIES) - 1;
  }

  /** Armed, and live from now. @returns false when a list does not stand; what could be put was */
  put(addresses: readonly string[]): Promise<boolean> {
    return this.#files.write([...changes('+', 'live', addresses), ...changes('+', 'armed', addresses)]);
  }

  /** Neither armed nor live; `armed` first, so that no reply renews in between. @returns false when a list does not stand */
  take(addresses: readonly string[]): Promise<boolean> {
    return this.#files.write([...changes('-', 'armed', addresses), ...changes('-', 'live', addresses)]);
  }

  /** What stands in `armed`; empty where the list does not stand. */
  async armed(family: Family): Promise<string[]> {
    return [...(await this.#entries('armed', family)).keys()];
  }

  /** What was renewed within a lease. */
  async live(family: Family): Promise<string[]> {
    const mark = MARKS[family];
    if ([...(await this.#entries('live', family)).keys()].every((address) => address === mark)) return [];
    const entries = await this.#marked(family);
    const now = entries.get(mark) ?? 0;
    const ages = [...entries].filter(([address]) => address !== mark).map(([, seen]) => now - seen);
    const rate = await this.#rate(family, ages);
    return [...entries.keys()].filter(
      (address) => address !== mark && now - (entries.get(address) ?? 0) <= this.#leaseSeconds * rate,
    );
  }

  /** Jiffies in a second. Measured only where an entry's age leaves open whether it is live: with traffic, it does not. */
  async #rate(family: Family, ages: readonly number[]): Promise<number> {
    const [slowest, fastest] = [Math.min(...JIFFIES_PER_SECOND), Math.max(...JIFFIES_PER_SECOND)];
    const open = ages.some(
      (age) => age > slowest * this.#leaseSeconds && age <= fastest * this.#leaseSeconds,
    );
    if (!open) return this.#jiffiesPerSecond ?? slowest;
    this.#jiffiesPerSecond ??= await this.#measure(family);
    return this.#jiffiesPerSecond;
  }

  async #measure(family: Family): Promise<number> {
    const look = async (): Promise<{ at: number; jiffies: number }> => {
      const jiffies = (await this.#marked(family)).get(MARKS[family]) ?? 0;
      return { at: performance.now(), jiffies };
    };
    const first = await look();
    await delay(MEASURE_MS);
    const second = await look();
    const measured = ((second.jiffies - first.jiffies) / (second.at - first.at)) * 1000;
    const distance = (rate: number): number => Math.abs(rate - measured);
    return JIFFIES_PER_SECOND.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
  }

  async #marked(family: Family): Promise<Map<string, number>> {
    await this.#files.write([{ path: pathOf('live', family), text: `+${MARKS[family]}` }]);
    return this.#entries('live', family);
  }

  async #entries(list: List, family: Family): Promise<Map<string, number>> {
    const text = (await this.#files.read(pathOf(list, family))) ?? '';
    const entries = new Map<string, number>();
    for (const line of text.split('\n')) {
      const [, address, seen] = ENTRY.exec(line) ?? [];
      if (address !== undefined) entries.set(canonical(address, family), Number(seen));
    }
    return entries;
  }
}

function changes(sign: '+' | '-', list: List, addresses: readonly string[]): FileWrite[] {
  return addresses.map((address) => ({ path: pathOf(list, familyOf(address)), text: `${sign}${address}` }));
}

/** The kernel prints IPv6 addresses in full: `fd00:0000:…`. */
function canonical(address: string, family: Family): string {
  return family === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The most addresses that the plan has in one family. */
export const mostInOneFamily = (addresses: readonly string[]): number =>
  Math.max(addressesOf(4, addresses).length, addressesOf(6, addresses).length);
