/**
 * `name`: another name is asked for. What of the answer is undone: after `exact` the two names are put back everywhere; the other kinds
 * do so with `answer auto`, or say themselves what becomes of owners (`answer name`) and of names in RDATA (`answer value`).
 */
import { goQuote } from '../../base/go-quote.ts';
import { messageOf } from '../../base/error-message.ts';
import { RenameStep, RestoreName } from './answer-step.ts';
import type { AnswerStep } from './answer-step.ts';
import { isKind, patternRename, rename } from './name-match.ts';
import type { Kind, Rename } from './name-match.ts';
import { PatternRewrite } from './replacement.ts';
import type { Draft, Rule } from './rule.ts';

/** What the `answer` words of a rule say. */
interface Answers {
  readonly auto: boolean;
  readonly steps: readonly AnswerStep[];
}
const NO_ANSWERS: Answers = { auto: false, steps: [] };

class NameRule implements Rule {
  private readonly rename: Rename;
  /** Whether the very names of the query are put back. */
  private readonly restores: boolean;
  private readonly steps: readonly AnswerStep[];

  constructor(renameQuestion: Rename, restores: boolean, steps: readonly AnswerStep[]) {
    this.rename = renameQuestion;
    this.restores = restores;
    this.steps = steps;
  }

  apply(draft: Draft): boolean {
    const { name } = draft;
    if (!this.restores) {
      if (!this.rename(name)) return false;
    } else {
      const before = name.octets.slice(0, name.length);
      if (!this.rename(name)) return false;
      draft.steps.push(new RestoreName(before, name.octets.slice(0, name.length)));
    }
    draft.steps.push(...this.steps);
    return true;
  }
}

/**
 * @param args behind `name`
 * @throws RangeError in CoreDNS's words
 */
export function nameRule(args: readonly string[]): Rule {
  if (args.length < 2) throw new RangeError('too few arguments for a name rule');
  const [kindWord, from, to] = args.length === 2 ? ['exact', ...args] : args;
  const kind = kindWord.toLowerCase();
  const answers = args.length > 3 ? readAnswers(kind, args.slice(3)) : NO_ANSWERS;
  if (!isKind(kind)) {
    throw new RangeError(
      `name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${kind}`,
    );
  }
  const renameQuestion = rename(kind, from, to);
  // One suffix in place of another is undone wherever it stands, so the names of this query do not matter.
  if (kind === 'suffix' && answers.auto) {
    const undo = new RenameStep(rename('suffix', to, from), 'both');
    return new NameRule(renameQuestion, false, [undo, ...answers.steps]);
  }
  return new NameRule(renameQuestion, restores(kind, answers), answers.steps);
}

const restores = (kind: Kind, answers: Answers): boolean => kind === 'exact' || answers.auto;

/** `answer auto`, `answer name FROM TO` and `answer value FROM TO` in any number and order; the word `answer` is needed once. */
function readAnswers(kind: string, words: readonly string[]): Answers {
  if (words.length < 2) throw new RangeError(`invalid arguments for ${kind} rule`);
  const steps: AnswerStep[] = [];
  let auto = false;
  let isNamed = false;
  if (words[0] !== 'answer') {
    throw new RangeError(`exceeded the number of arguments for a non-answer rule argument for ${kind} rule`);
  }
  for (let at = 0; at < words.length;) {
    if (words[at] === 'answer') at++;
    if (at === words.length) throw new RangeError(`type missing for answer rule for ${kind} rule`);
    const type = words[at++];
    if (type === 'auto') {
      auto = true;
      continue;
    }
    steps.push(readAnswer(kind, type, words.slice(at, at + 2)));
    isNamed ||= type === 'name';
    at += 2;
  }
  if (auto && isNamed) {
    throw new RangeError('auto name answer rule cannot be combined with explicit name anwer rules');
  }
  return { auto, steps };
}

function readAnswer(kind: string, type: string, args: readonly string[]): AnswerStep {
  if (type !== 'name' && type !== 'value') {
    throw new RangeError(`invalid type ${goQuote(type)} for answer rule for ${kind} rule`);
  }
  const what = `${type} answer rule for ${kind} rule`;
  const [from, to] = args;
  if (from === undefined || to === undefined) throw new RangeError(`${what}: 2 arguments required`);
  try {
    return new RenameStep(patternRename(new PatternRewrite(from, to)), type === 'name' ? 'owner' : 'value');
  } catch (cause) {
    throw new RangeError(`${what}: ${messageOf(cause)}`, { cause });
  }
}
