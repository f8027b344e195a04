/** Sets how many octets a reply over UDP may have, in place of the server's own limit. Clients that take less get less, as ever. */
import type { Handler } from '../../chain/handler.ts';
import type { Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';

export class BufsizeHandler implements Handler {
  readonly name = 'bufsize';
  private readonly next: Handler;
  private readonly octets: number;

  constructor(next: Handler, octets: number) {
    this.next = next;
    this.octets = octets;
  }

  ask(query: Query): Pending {
    query.replyLimit = this.octets;
    return this.next.ask(query);
  }
}
