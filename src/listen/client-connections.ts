/**
 * The TCP connections of a listener by client, and which of them has to go when there are too many, or when they hold too much: one of the
 * client that has most. So a client with ten thousand connections closes its own by opening more, and keeps nobody else from connecting.
 *
 * It looks through all of them for that, which is when it would otherwise have turned somebody away: as often as connections are taken
 * (`arrivals.ts`), and a thousand connections are looked through in some ten microseconds.
 */

export interface ClientConnection {
  /** The address of the client. */
  readonly client: string;
  /** Answers are due, or wait to be sent. */
  readonly isBusy: boolean;
  /** When it last brought a message, or was opened, in milliseconds. */
  readonly activeMs: number;
  /** Octets of messages that are not complete or not served, and of answers that are not sent. */
  readonly heldOctets: number;
}

export class ClientConnections<Connection extends ClientConnection> {
  private readonly clients = new Map<string, Set<Connection>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  *[Symbol.iterator](): IterableIterator<Connection> {
    for (const connections of this.clients.values()) yield* connections;
  }

  /** Adds one that is not in it. */
  add(connection: Connection): void {
    const connections = this.clients.get(connection.client);
    if (connections === undefined) this.clients.set(connection.client, new Set([connection]));
    else connections.add(connection);
    this.count++;
  }

  /** @returns whether it was there */
  delete(connection: Connection): boolean {
    const connections = this.clients.get(connection.client);
    if (connections?.delete(connection) !== true) return false;
    if (connections.size === 0) this.clients.delete(connection.client);
    this.count--;
    return true;
  }

  /**
   * Which one has to go since there is one too many: of the client that has most, the one that has been without work for longest; the
   * newcomer itself where nobody has more than its client.
   */
  oneTooMany(newcomer: Connection): Connection {
    const own = this.clients.get(newcomer.client)?.size ?? 0;
    const greediest = this.most(({ size }) => size);
    if (greediest === undefined || greediest.size <= own) return newcomer;
    return mostOf(greediest, idleness) ?? newcomer;
  }

  /** Of the client whose connections hold most, the one that holds most. */
  heaviest(): Connection | undefined {
    const greediest = this.most((connections) => {
      let octets = 0;
      for (const { heldOctets } of connections) octets += heldOctets;
      return octets;
    });
    return greediest === undefined ? undefined : mostOf(greediest, ({ heldOctets }) => heldOctets);
  }

  private most(measure: (connections: Set<Connection>) => number): Set<Connection> | undefined {
    return mostOf(this.clients.values(), measure);
  }
}

/** Those with work to do come after all that have none. */
const idleness = ({ isBusy, activeMs }: ClientConnection): number => (isBusy ? -Number.MAX_VALUE : -activeMs);

/** The first with the highest measure. */
function mostOf<Item>(items: Iterable<Item>, measure: (item: Item) => number): Item | undefined {
  let most: Item | undefined;
  let highest = -Infinity;
  for (const item of items) {
    const value = measure(item);
    if (value <= highest) continue;
    most = item;
    highest = value;
  }
  return most;
}
