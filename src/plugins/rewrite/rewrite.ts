/**
 * Lets the handlers behind it answer another question than the client asked, and tells the client their answer as if they had not. A query
 * that no rule is about goes through as it is; all others cost a message, and one more for an answer that has to be laid out anew.
 *
 * It stands in front of the cache: what is kept is the answer to the new question, before it is changed back. So clients who reach the
 * same name by different rules share it, and a rule that a reload brings holds for what is in the cache too.
 */
import type { Handler } from '../../chain/handler.ts';
import { Later } from '../../chain/later.ts';
import { REPLY, SILENCE } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { findAlias, followAlias } from './follow-alias.ts';
import { invalidName, revert } from './revert.ts';
import { RewrittenQuery } from './rewritten-query.ts';
import { Draft } from './rule.ts';
import type { PlacedRule } from './rule.ts';

/** Query objects kept for the next ones, each of about 2 KB. */
const MOST_IDLE = 128;

/** A rewritten query that waits. */
interface Flight {
  readonly handler: RewriteHandler;
  readonly query: RewrittenQuery;
  readonly later: Later;
}

export class RewriteHandler implements Handler {
  readonly name = 'rewrite';
  private readonly next: Handler;
  private readonly rules: readonly PlacedRule[];
  private readonly resolve: SetupContext['resolve'];
  private readonly draft = new Draft();
  private readonly idle: RewrittenQuery[] = [];

  constructor(next: Handler, rules: readonly PlacedRule[], resolve: SetupContext['resolve']) {
    this.next = next;
    this.rules = rules;
    this.resolve = resolve;
  }

  ask(query: Query): Pending {
    const { draft } = this;
    draft.begin(query);
    if (!this.apply(draft)) return this.next.ask(query);
    const { invalid } = draft.name;
    if (invalid !== undefined) return invalidName(invalid);
    const rewritten = this.idle.pop() ?? new RewrittenQuery(query);
    rewritten.begin(draft);
    const pending = this.next.ask(rewritten);
    if (pending instanceof Promise) return this.wait(rewritten, pending);
    return this.land(rewritten, pending);
  }

  /** Whether any rule was about the query. */
  private apply(draft: Draft): boolean {
    let applied = false;
    for (const { rule, stops } of this.rules) {
      if (!rule.apply(draft)) continue;
      applied = true;
      if (stops || draft.name.invalid !== undefined) return true;
    }
    return applied;
  }

  /** The handlers in front see the client's query wait, so theirs are steps of a promise of its own. */
  private wait(query: RewrittenQuery, pending: Promise<Outcome>): Promise<Outcome> {
    const later = new Later(query.client);
    const flight: Flight = { handler: this, query, later };
    void settle(pending, RewriteHandler.landed, flight, query, RewriteHandler.crashed);
    return later.promise;
  }

  private static landed(this: void, flight: Flight, _query: Query, outcome: Outcome): Outcome {
    const { handler, query, later } = flight;
    const told = handler.land(query, outcome);
    if (!(told instanceof Promise)) later.settle(told);
    else {
      told.then(
        (final) => later.settle(final),
        (error: unknown) => later.fail(error),
      );
    }
    // Nobody waits for this one: the client's answer is the other promise's.
    return SILENCE;
  }

  private static crashed(this: void, flight: Flight, _query: Query, error: unknown): Outcome {
    flight.later.fail(error);
    return SILENCE;
  }

  /** What the client gets. The query is free for another one afterwards. */
  private land(query: RewrittenQuery, outcome: Outcome): Pending {
    const alias = outcome.kind === REPLY && query.followsAliases ? findAlias(query, outcome) : undefined;
    if (outcome.kind !== REPLY || alias === undefined) return this.finished(query, outcome);
    return followAlias(query, outcome.kept(), alias, this.resolve).then((followed) =>
      this.finished(query, followed),
    );
  }

  private finished(query: RewrittenQuery, outcome: Outcome): Outcome {
    const told = revert(query, outcome);
    query.waiting = undefined;
    if (this.idle.length < MOST_IDLE) this.idle.push(query);
    return told;
  }
}
