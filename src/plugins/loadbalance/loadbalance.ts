/**
 * Brings the addresses of answers into an order of their own for each client, so that those who take the first one spread. Answers without
 * two addresses of a name pass untouched. Which order it is, is the policies' business; how records change places, `address-sets.ts`'s.
 */
import type { Handler } from '../../chain/handler.ts';
import { REPLY } from '../../chain/outcome.ts';
import type { Outcome, Pending, Reply } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import {
  HEADER_OCTETS,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  readCount,
} from '../../wire/header.ts';
import { NOERROR } from '../../wire/registry.ts';
import { AddressSets } from './address-sets.ts';
import { ownReply } from './arranged-reply.ts';
import type { LentReply } from './arranged-reply.ts';
import type { Policy, Random } from './policies.ts';
import { needsReorder, reordered } from './reorder.ts';

export interface LoadBalanceOptions {
  /** One after the other, on each RRset of addresses. */
  readonly policies: readonly Policy[];
  /** For MX records; undefined where they stay as they are. */
  readonly exchangers: Random | undefined;
  /** Types of question whose answers are arranged; undefined for all. */
  readonly types: ReadonlySet<number> | undefined;
}

export class LoadBalanceHandler implements Handler {
  readonly name = 'loadbalance';
  private readonly next: Handler;
  private readonly options: LoadBalanceOptions;
  private readonly lent: LentReply;
  private readonly sets = new AddressSets();

  /** @param lent shared by all handlers of the process: answers that are given at once. */
  constructor(next: Handler, options: LoadBalanceOptions, lent: LentReply) {
    this.next = next;
    this.options = options;
    this.lent = lent;
  }

  ask(query: Query): Pending {
    const pending = this.next.ask(query);
    if (pending instanceof Promise) return settle(pending, LoadBalanceHandler.late, this, query);
    if (!this.isFor(query, pending)) return pending;
    return this.arranged(pending, this.lent);
  }

  /** What was waited for may be handed to several queries, some of them later: each gets octets of its own. */
  private static late(this: void, self: LoadBalanceHandler, query: Query, outcome: Outcome): Outcome {
    return self.isFor(query, outcome) ? self.arranged(outcome, undefined) : outcome;
  }

  private isFor(query: Query, outcome: Outcome): outcome is Reply {
    if (outcome.kind !== REPLY || outcome.rcode !== NOERROR || outcome.ttlCount < 2) return false;
    const { types } = this.options;
    return (types === undefined || types.has(query.type)) && isWhole(outcome);
  }

  private arranged(reply: Reply, lent: LentReply | undefined): Reply {
    const { exchangers } = this.options;
    if (needsReorder(reply, exchangers !== undefined)) {
      const message = reordered(reply, exchangers);
      if (message !== undefined) return this.arrangeOwn(ownReply(reply, message));
    }
    this.setOut(reply);
    if (!this.sets.next()) return reply;
    return this.arrangeFound(
      lent === undefined
        ? ownReply(reply, reply.message.slice(0, reply.length), reply.ttlOffsets.slice(0, reply.ttlCount))
        : lent.fill(reply),
    );
  }

  private arrangeOwn(reply: Reply): Reply {
    this.setOut(reply);
    return this.sets.next() ? this.arrangeFound(reply) : reply;
  }

  /** In place, from the set on that was found: the octets are ours, and laid out like those in which it was found. */
  private arrangeFound(reply: Reply): Reply {
    const { sets } = this;
    const { policies } = this.options;
    sets.message = reply.message;
    do for (const arrange of policies) arrange(sets);
    while (sets.next());
    return reply;
  }

  private setOut({ message, length, ttlOffsets, ttlCount }: Reply): void {
    this.sets.start(message, length, ttlOffsets, ttlCount);
  }
}

/** Whether it has one question, and the offsets are those of all its records: then these say where records begin. */
function isWhole({ message, length, ttlCount }: Reply): boolean {
  if (length < HEADER_OCTETS || readCount(message, SECTION_QUESTION) !== 1) return false;
  const records =
    readCount(message, SECTION_ANSWER) +
    readCount(message, SECTION_AUTHORITY) +
    readCount(message, SECTION_ADDITIONAL);
  return records === ttlCount;
}
