/** What `ttl` and `rcode` have in common: they pick answers by the name of the question, and change nothing before the answer is there. */
import type { AnswerStep } from './answer-step.ts';
import { isKind, nameMatch } from './name-match.ts';
import type { Rule } from './rule.ts';

/**
 * Reads `[KIND] NAME VALUE...`, the rest of a rule.
 *
 * @param field `ttl` or `rcode`, for errors
 * @param valueCount how many values there are
 * @param read makes the step of the values
 * @throws RangeError in CoreDNS's words
 */
export function readNamed(
  field: string,
  args: readonly string[],
  valueCount: number,
  read: (values: readonly string[]) => AnswerStep,
): Rule {
  if (args.length < 1 + valueCount) {
    throw new RangeError(`too few (${args.length}) arguments for a ${field} rule`);
  }
  // CoreDNS looks for the values first, and finds none among too many words; what is wrong is told here as it is.
  if (args.length > 2 + valueCount) throw new RangeError(`many few arguments for a ${field} rule`);
  const [kindWord, name, ...values] = args.length === 1 + valueCount ? ['exact', ...args] : args;
  const step = read(values);
  const kind = kindWord.toLowerCase();
  if (!isKind(kind)) {
    throw new RangeError(
      `${field} rule supports only exact, prefix, suffix, substring, and regex name matching`,
    );
  }
  const matches = nameMatch(kind, name, `invalid regex pattern in a ${field} rule: ${name}`);
  return {
    apply: (draft) => {
      if (!matches(draft.name)) return false;
      draft.steps.push(step);
      return true;
    },
  };
}
