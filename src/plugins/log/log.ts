/**
 * Writes a line for each query, once its outcome is known. The first rule that a name belongs to decides how its line looks and whether
 * there is one. Formatting is the whole cost: the line goes into a buffer and no query waits for its way out.
 */
import type { Clock } from '../../base/clock.ts';
import type { Handler } from '../../chain/handler.ts';
import type { Zone } from '../../chain/identity.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import { formatLine } from '../../chain/query-format.ts';
import type { Format } from '../../chain/query-format.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { matchZone } from '../../chain/zones.ts';
import type { Log } from '../../observe/log-types.ts';
import { classOf } from './answer-class.ts';
import type { AnswerClass } from './answer-class.ts';

export interface LogRule {
  readonly zones: readonly Zone[];
  readonly format: Format;
  /** Undefined for all. */
  readonly classes: ReadonlySet<AnswerClass> | undefined;
}

export class LogHandler implements Handler {
  readonly name = 'log';
  private readonly next: Handler;
  private readonly rules: readonly LogRule[];
  private readonly clock: Clock;
  private readonly log: Log;

  constructor(next: Handler, rules: readonly LogRule[], context: Pick<SetupContext, 'clock' | 'log'>) {
    this.next = next;
    this.rules = rules;
    this.clock = context.clock;
    this.log = context.log;
  }

  ask(query: Query): Pending {
    return settle(this.next.ask(query), finish, this, query);
  }

  write(query: Query, outcome: Outcome): void {
    const rule = this.ruleFor(query);
    if (rule === undefined) return;
    if (rule.classes !== undefined && !rule.classes.has(classOf(query, outcome))) return;
    this.log.line(formatLine(rule.format, query, outcome, this.clock.nowMs()));
  }

  private ruleFor(query: Query): LogRule | undefined {
    for (const rule of this.rules) {
      if (matchZone(rule.zones, query.foldedName, query.nameLength) !== undefined) return rule;
    }
    return undefined;
  }
}

function finish(handler: LogHandler, query: Query, outcome: Outcome): Outcome {
  handler.write(query, outcome);
  return outcome;
}
