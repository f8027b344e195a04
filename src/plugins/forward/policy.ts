/** In which order the upstreams of one `forward` line are tried for a query. */
import type { Policy } from './options.ts';

export class UpstreamOrder<Item> {
  private items: readonly Item[];
  private readonly policy: Policy;
  private turn = 0;

  constructor(items: readonly Item[], policy: Policy) {
    this.items = items;
    this.policy = policy;
  }

  /** Others from now on; lists that were given away stay as they are. */
  replace(items: readonly Item[]): void {
    this.items = items;
  }

  /** All items, the one to try first at the front. */
  next(): readonly Item[] {
    const { items } = this;
    if (items.length < 2) return items;
    switch (this.policy) {
      case 'sequential':
        return items;
      case 'round_robin': {
        // CoreDNS counts before it picks: the first query goes to the second upstream.
        this.turn = (this.turn + 1) % items.length;
        return [...items.slice(this.turn), ...items.slice(0, this.turn)];
      }
      default:
        return shuffle([...items]);
    }
  }
}

/** Load spreading only, nothing secret: the ordinary generator will do (Fisher and Yates). */
function shuffle<Item>(items: Item[]): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
