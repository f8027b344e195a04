/** What a rule is, and what it works on: the question as the rules in front of it left it, and what is to be done to the answer. */
import type { Query } from '../../chain/query.ts';
import type { AnswerStep } from './answer-step.ts';
import { Edns0Options } from './edns0-options.ts';
import { MutableName } from './mutable-name.ts';

export interface Rule {
  /** Changes the draft if the rule is about this query, and says whether it was. */
  apply(draft: Draft): boolean;
}

/** A rule in its place: `stop` keeps the rules behind it from being looked at once it has applied. */
export interface PlacedRule {
  readonly rule: Rule;
  readonly stops: boolean;
}

/** The one draft of a handler: rules are applied in one go, so it serves one query after the other. */
export class Draft {
  /** Folded. */
  readonly name = new MutableName();
  type = 0;
  class = 0;
  /** In the order of the rules; undone in the opposite one. */
  readonly steps: AnswerStep[] = [];
  private asked: Query | undefined;
  private optionList: Edns0Options | undefined;

  /** Forgets everything and takes over the question. */
  begin(query: Query): void {
    this.asked = query;
    this.optionList = undefined;
    this.type = query.type;
    this.class = query.class;
    this.steps.length = 0;
    this.name.set(query.foldedName, query.nameLength);
  }

  /** The query as it came. */
  get query(): Query {
    if (this.asked === undefined) throw new Error('a draft begins with a query');
    return this.asked;
  }

  /** The EDNS options, to be changed; a query without EDNS has it from then on. */
  get options(): Edns0Options {
    this.optionList ??= Edns0Options.of(this.query);
    return this.optionList;
  }

  /** The options if a rule has looked at them. */
  get changedOptions(): Edns0Options | undefined {
    return this.optionList;
  }
}
