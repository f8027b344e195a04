/**
 * The order in which the answers of one store leave when there is no room: a segmented LRU. An answer that nobody has asked for again is
 * on trial, and leaves before any that somebody has; so a flood of names that are asked once turns out nothing that is in use. Within both
 * parts the one used least recently leaves first, and what nobody has asked for in a minute is established no more: other names come into
 * use, and old ones may have hours to live.
 *
 *     kept ──► on trial ──used──► established ──room is short, over 4/5 of all, least recently used──► on trial again
 *
 * How many are established counts only where room is made: in a store that is not full yet, four fifths of what is there now would say
 * nothing of what there is room for.
 */
import { FLAG_ESTABLISHED } from './entry-flags.ts';
import type { EntryTable } from './entry-table.ts';
import { FLAGS, NEWER, NONE, OLDER, USED_SECOND } from './entry-table.ts';

/** The part of all that may be established, so that there is always room to try new ones. */
const ESTABLISHED_SHARE = 0.8;

/** Those that go back on trial at a time: more than the one whose room is wanted, so that the share is kept in the end, and a few, so that none waits. */
const RELEGATED_AT_A_TIME = 2;

/** An established answer that was not asked for in so long leaves before those on trial. */
export const ESTABLISHED_SECONDS = 60;

interface Part {
  newest: number;
  oldest: number;
  size: number;
}

export class UseOrder {
  private readonly table: EntryTable;
  private readonly trial: Part = { newest: NONE, oldest: NONE, size: 0 };
  private readonly established: Part = { newest: NONE, oldest: NONE, size: 0 };

  constructor(table: EntryTable) {
    this.table = table;
  }

  /** Some entry, or NONE. */
  get any(): number {
    return this.trial.oldest === NONE ? this.established.oldest : this.trial.oldest;
  }

  /** The entry that leaves first at this second, or NONE. */
  first(nowSecond: number): number {
    const { oldest } = this.established;
    const isIdle = oldest !== NONE && this.table.get(oldest, USED_SECOND) <= nowSecond - ESTABLISHED_SECONDS;
    return isIdle ? oldest : this.any;
  }

  /** Room is short: where too many are established, the least recently used of them are on trial again. To be called before `first`. */
  relegate(): void {
    const { table, trial, established } = this;
    for (let i = 0; i < RELEGATED_AT_A_TIME; i++) {
      if (established.size <= (trial.size + established.size) * ESTABLISHED_SHARE) return;
      const { oldest } = established;
      this.unlink(oldest, established);
      table.set(oldest, FLAGS, table.get(oldest, FLAGS) & ~FLAG_ESTABLISHED);
      this.link(oldest, trial);
    }
  }

  /** A new entry: on trial. */
  add(entry: number): void {
    this.link(entry, this.trial);
  }

  remove(entry: number): void {
    this.unlink(entry, this.partOf(entry));
  }

  /** The entry was asked for. */
  use(entry: number): void {
    const { table } = this;
    this.unlink(entry, this.partOf(entry));
    table.set(entry, FLAGS, table.get(entry, FLAGS) | FLAG_ESTABLISHED);
    this.link(entry, this.established);
  }

  private partOf(entry: number): Part {
    return (this.table.get(entry, FLAGS) & FLAG_ESTABLISHED) === 0 ? this.trial : this.established;
  }

  private link(entry: number, part: Part): void {
    const { table } = this;
    table.set(entry, NEWER, NONE);
    table.set(entry, OLDER, part.newest);
    if (part.newest === NONE) part.oldest = entry;
    else table.set(part.newest, NEWER, entry);
    part.newest = entry;
    part.size++;
  }

  private unlink(entry: number, part: Part): void {
    const { table } = this;
    const newer = table.get(entry, NEWER);
    const older = table.get(entry, OLDER);
    if (newer === NONE) part.newest = older;
    else table.set(newer, OLDER, older);
    if (older === NONE) part.oldest = newer;
    else table.set(older, NEWER, newer);
    part.size--;
  }
}
