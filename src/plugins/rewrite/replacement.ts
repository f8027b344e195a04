/** What a regular expression's match is replaced by: text in which `{N}` stands for the N-th group, `{0}` for the whole match. */
import { messageOf } from '../../base/error-message.ts';
import { MAX_PATTERN_LENGTH, compilePattern } from '../../base/pattern.ts';
import type { Pattern } from '../../base/pattern.ts';

/** A pattern and what its match becomes. */
export class PatternRewrite {
  private readonly pattern: Pattern;
  /** Literal text, and numbers of groups. */
  private readonly parts: readonly (string | number)[];

  /**
   * @param to presentation form; a number that the pattern has no group for stays as it is written
   * @throws RangeError in CoreDNS's words, for a pattern that is none and for more groups used than there are
   */
  constructor(from: string, to: string) {
    this.pattern = patternOf(from, `invalid regex matching pattern: ${from}`);
    const groups = groupCount(from);
    const used = new Set(Array.from(to.matchAll(/\{(\d+)\}/g), ([, index]) => Number(index)));
    if (used.size > groups) {
      throw new RangeError(
        `the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`,
      );
    }
    const isGroup = (part: string, place: number): boolean => place % 2 === 1 && Number(part) <= groups;
    this.parts = withoutFinalDot(to.toLowerCase())
      .split(/\{(\d+)\}/)
      .map((part, place) => {
        if (isGroup(part, place)) return Number(part);
        return place % 2 === 1 ? `{${part}}` : part;
      });
  }

  /** What the text becomes; undefined where the pattern does not occur in it. */
  apply(text: string): string | undefined {
    const groups = this.pattern.groups(text);
    if (groups === undefined) return undefined;
    let replaced = '';
    for (const part of this.parts) replaced += typeof part === 'string' ? part : groups[part];
    return replaced;
  }
}

/** A group at the end may bring the final dot of the name that it is from; a second one would make a name that is none. */
const withoutFinalDot = (text: string): string => (text === '.' ? text : text.replace(/\.$/, ''));

/** In small letters, with a final dot: how CoreDNS takes every name of a rule but a regular expression. */
export const normalized = (text: string): string => (text.endsWith('.') ? text : `${text}.`).toLowerCase();

/** @throws RangeError with `message`, or with the pattern's own where it is too long */
export function patternOf(source: string, message: string): Pattern {
  try {
    return compilePattern(source);
  } catch (cause) {
    throw new RangeError(source.length > MAX_PATTERN_LENGTH ? messageOf(cause) : message, { cause });
  }
}

/** How many groups a sound pattern has: seen from a match of the empty alternative in front of it. */
const groupCount = (source: string): number => (compilePattern(`|${source}`).groups('')?.length ?? 1) - 1;
