/** `cname`: an alias in an answer points somewhere else, and what is there is asked for (`follow-alias.ts`). */
import { AnswerStep } from './answer-step.ts';
import type { MutableName } from './mutable-name.ts';
import { isKind, rename } from './name-match.ts';
import type { Rename } from './name-match.ts';
import type { Rule } from './rule.ts';

class RenameAlias extends AnswerStep {
  readonly renames = false;
  override readonly followsAliases = true;
  private readonly rename: Rename;

  constructor(renameTarget: Rename) {
    super();
    this.rename = renameTarget;
  }

  override alias(target: MutableName): boolean {
    return this.rename(target);
  }
}

/**
 * Applies to every query, since no alias is known before the answer.
 *
 * @param args behind `cname`
 * @throws RangeError in CoreDNS's words
 */
export function cnameRule(args: readonly string[]): Rule {
  if (args.length !== 2 && args.length !== 3) {
    throw new RangeError(`too few (${args.length}) arguments for a cname rule`);
  }
  const [kindWord, from, to] = args.length === 2 ? ['exact', ...args] : args;
  const kind = kindWord.toLowerCase();
  if (!isKind(kind)) throw new RangeError(`unknown cname rewrite type: ${kind}`);
  const step = new RenameAlias(rename(kind, from, to));
  return {
    apply: (draft) => {
      draft.steps.push(step);
      return true;
    },
  };
}
