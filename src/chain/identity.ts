/** Who answers: the listening server and the zone of a block, as indexes for series of metrics and as labels for people. */

export interface ServerIdentity {
  /** Dense, unique in the process for each label. */
  readonly index: number;
  /** `dns://169.254.20.10:53`: scheme, address as bound (empty for the wildcard) and port, as in the `server` label of the metrics. */
  readonly label: string;
}

export interface Zone {
  /** Lower-case presentation form with final dot. */
  readonly text: string;
  /** Wire form, folded. */
  readonly name: Uint8Array;
  /** Position among the zones of its server block. */
  readonly index: number;
}

/** One `Item` for each server, made at first use. */
export class PerServer<Item> {
  private readonly items: (Item | undefined)[] = [];
  private readonly make: (label: string) => Item;

  constructor(make: (label: string) => Item) {
    this.make = make;
  }

  of(server: ServerIdentity): Item {
    return (this.items[server.index] ??= this.make(server.label));
  }
}
