/**
 * Logs each query that ended without an answer, and why: `2 example.org. A: read udp …: i/o timeout`, as CoreDNS writes it. Replies that
 * carry an rcode such as SERVFAIL are answers of somebody else and are not logged. What the client gets is not changed. A flood of errors
 * is not a flood of lines (`line-budget.ts`).
 */
import type { Handler } from '../../chain/handler.ts';
import { FAILURE } from '../../chain/outcome.ts';
import type { Failure, Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import type { Log } from '../../observe/log-types.ts';
import { typeName } from '../../wire/registry.ts';
import type { Consolidation } from './consolidation.ts';
import type { LineBudget } from './line-budget.ts';

export class ErrorsHandler implements Handler {
  readonly name = 'errors';
  private readonly next: Handler;
  private readonly consolidations: readonly Consolidation[];
  private readonly budget: LineBudget;
  private readonly log: Log;
  /** The last reason, and whose it was: in a flood it is always the same one, and to look for patterns takes long. */
  private lastReason = '';
  private lastConsolidation: Consolidation | undefined;

  constructor(next: Handler, consolidations: readonly Consolidation[], budget: LineBudget, log: Log) {
    this.next = next;
    this.consolidations = consolidations;
    this.budget = budget;
    this.log = log;
    this.lastConsolidation = this.find(this.lastReason);
  }

  ask(query: Query): Pending {
    return settle(this.next.ask(query), finish, this, query);
  }

  report(query: Query, failure: Failure): void {
    const { rcode, reason } = failure;
    const consolidation = this.consolidationFor(reason);
    if (!(consolidation === undefined ? this.budget.take(reason) : consolidation.add())) return;
    const line = `${rcode} ${query.nameText} ${typeName(query.type)}: ${reason}`;
    if (consolidation === undefined) this.log.error(line);
    else consolidation.write(line);
  }

  private consolidationFor(reason: string): Consolidation | undefined {
    if (reason !== this.lastReason) {
      this.lastConsolidation = this.find(reason);
      this.lastReason = reason;
    }
    return this.lastConsolidation;
  }

  private find(reason: string): Consolidation | undefined {
    return this.consolidations.find((candidate) => candidate.matches(reason));
  }
}

function finish(handler: ErrorsHandler, query: Query, outcome: Outcome): Outcome {
  if (outcome.kind === FAILURE) handler.report(query, outcome);
  return outcome;
}
