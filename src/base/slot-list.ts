/**
 * Doubly linked lists over numbered slots: whatever has a number from 0 on can stand in such a list, is put at its end and taken out from
 * anywhere in constant time, and makes no garbage. Lists in which no slot ever stands at the same time may share their links.
 */

/** Stands for no slot. */
export const NO_SLOT = -1;

/** A slot's neighbours. For at most 32,767 slots. */
export class SlotLinks {
  readonly next: Int16Array;
  readonly previous: Int16Array;

  constructor(slots: number) {
    this.next = new Int16Array(slots);
    this.previous = new Int16Array(slots);
  }
}

export class SlotList {
  /** NO_SLOT when there is none. */
  first = NO_SLOT;
  last = NO_SLOT;
  size = 0;
  private readonly links: SlotLinks;

  constructor(links: SlotLinks) {
    this.links = links;
  }

  /** Puts a slot, which stands in no list with these links, at the end. */
  append(slot: number): void {
    const { next, previous } = this.links;
    next[slot] = NO_SLOT;
    previous[slot] = this.last;
    if (this.last === NO_SLOT) this.first = slot;
    else next[this.last] = slot;
    this.last = slot;
    this.size++;
  }

  /** Takes out a slot, which stands in this list. */
  remove(slot: number): void {
    const next = this.links.next[slot];
    const previous = this.links.previous[slot];
    if (previous === NO_SLOT) this.first = next;
    else this.links.next[previous] = next;
    if (next === NO_SLOT) this.last = previous;
    else this.links.previous[next] = previous;
    this.size--;
  }
}
