/**
 * A list for what comes and goes all the time. V8's own arrays move to other memory when they grow, and some when they shrink, and leave what
 * they had in the old one. Once that has got into the old generation, the young collector takes everything in it for alive, dead as both are,
 * until the old generation is collected. So this one clears what it leaves, and what is taken from it. It does not shrink.
 */
const FIRST_PLACES = 16;

export class TidyList<Item> {
  private items = places<Item>(FIRST_PLACES);
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** @param index below the length */
  get(index: number): Item {
    return this.items[index] as Item;
  }

  /** @param index below the length */
  set(index: number, item: Item): void {
    this.items[index] = item;
  }

  push(item: Item): void {
    if (this.count === this.items.length) this.grow();
    this.items[this.count++] = item;
  }

  /** Takes the last item of a list that is not empty. */
  pop(): Item {
    const item = this.get(--this.count);
    this.items[this.count] = undefined;
    return item;
  }

  private grow(): void {
    const former = this.items;
    this.items = places(2 * former.length);
    for (let index = 0; index < former.length; index++) this.items[index] = former[index];
    former.fill(undefined);
  }
}

const places = <Item>(count: number): (Item | undefined)[] => Array.from({ length: count });
