/** Random choices that can be made again: the same seed, the same life (but for what the machine itself decides). */

export class Dice {
  private state: number;

  /** @param seed a 32-bit integer */
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to but not including 1; a linear congruential generator (Numerical Recipes), its better upper bits. */
  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.state >>> 8) / 2 ** 24;
  }

  /** A whole number of milliseconds. */
  between(least: number, most: number): number {
    return Math.floor(least + this.next() * (most - least));
  }

  /** @throws {RangeError} when there is nothing to choose from */
  of<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to choose from');
    return item;
  }
}
