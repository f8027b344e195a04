/**
 * Logs each query that ended without an answer, and why: `2 example.org. A: read udp …: i/o timeout`, as CoreDNS writes it. Replies that
 * carry an rcode such as SERVFAIL are answers of somebody else and are not logged. What the client gets is not changed.
 */
import type { Handler } from '../../chain/handler.ts';
import { FAILURE } from '../../chain/outcome.ts';
import type { Failure, Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import type { Log } from '../../observe/log-types.ts';
import { typeName } from '../../wire/registry.ts';
import type { Consolidation } from './consolidation.ts';

export class ErrorsHandler implements Handler {
  readonly name = 'errors';
  private readonly next: Handler;
  private readonly consolidations: readonly Consolidation[];
  private readonly log: Log;

  constructor(next: Handler, consolidations: readonly Consolidation[], log: Log) {
    this.next = next;
    this.consolidations = consolidations;
    this.log = log;
  }

  ask(query: Query): Pending {
    return settle(this.next.ask(query), finish, this, query);
  }

  report(query: Query, failure: Failure): void {
    const { rcode, reason } = failure;
    const consolidation = this.consolidations.find((candidate) => candidate.matches(reason));
    if (consolidation !== undefined && !consolidation.add()) return;
    const line = `${rcode} ${query.nameText} ${typeName(query.type)}: ${reason}`;
    if (consolidation === undefined) this.log.error(line);
    else consolidation.write(line);
  }
}

function finish(handler: ErrorsHandler, query: Query, outcome: Outcome): Outcome {
  if (outcome.kind === FAILURE) handler.report(query, outcome);
  return outcome;
}
