// Regular expressions from a Corefile, in Go's syntax. They run on names that anybody may send, so they take linear time
// whatever the pattern and the text (RE2), and no memory that grows with what is sent. A pattern matches anywhere in the
// text unless it is anchored, as Go's `MatchString` has it. Replacing text is not here.

import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import type * as re2js from 're2js';
import { messageOf } from './error-message.ts';

/** The longest pattern that is taken, in UTF-16 units: what CoreDNS takes. */
export const MAX_PATTERN_LENGTH = 10_000;

/**
 * What the engine may keep of the states that texts led it through, in its own estimate of octets, for each pattern. Its
 * default of 8 MiB would let a stranger fill that much for every pattern of the Corefile; without room it goes on
 * without keeping states, still linear.
 */
const STATE_BUDGET_OCTETS = 64 * 1024;

export interface Pattern {
  /** As written. */
  readonly source: string;
  /** Indexes of the named groups. */
  readonly groupNames: ReadonlyMap<string, number>;
  /** Whether the pattern occurs in the text. */
  matches(text: string): boolean;
  /**
   * The leftmost match: the whole of it at index 0, then the groups in the order of their opening parentheses, empty where
   * one took no part. Undefined when there is no match.
   */
  groups(text: string): string[] | undefined;
  /** The named groups of the leftmost match by name; no names without a match. An object without prototype. */
  namedGroups(text: string): Record<string, string>;
}

/**
 * @param source Go's syntax (RE2), flags such as `(?i)` included
 * @throws {RangeError} with Go's text, such as "error parsing regexp: missing closing ): `(`", or
 *   `regex pattern too long: N > 10000`
 */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new RangeError(`regex pattern too long: ${source.length} > ${MAX_PATTERN_LENGTH}`);
  }
  return new Re2Pattern(source, compile(source));
}

class Re2Pattern implements Pattern {
  readonly source: string;
  readonly groupNames: ReadonlyMap<string, number>;
  readonly #engine: RE2JS;

  constructor(source: string, engine: RE2JS) {
    this.source = source;
    this.groupNames = new Map(Object.entries(engine.namedGroups()));
    this.#engine = engine;
  }

  matches(text: string): boolean {
    return this.#engine.test(text);
  }

  groups(text: string): string[] | undefined {
    const matcher = this.#engine.matcher(text);
    if (!matcher.find()) return undefined;
    return Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '');
  }

  namedGroups(text: string): Record<string, string> {
    const named: Record<string, string> = Object.create(null);
    const groups = this.groups(text);
    if (groups === undefined) return named;
    for (const [name, index] of this.groupNames) named[name] = groups[index];
    return named;
  }
}

/** The engine takes 1.5 MB, and most Corefiles have no pattern: it is loaded with the first one. */
const load: (id: 're2js') => typeof re2js = createRequire(import.meta.url);

function compile(source: string): RE2JS {
  const { RE2JS: engines } = load('re2js');
  try {
    const engine = engines.compile(source);
    const { dfa } = engine.re2Input;
    dfa.stateBudget = STATE_BUDGET_OCTETS;
    dfa.memBudget = STATE_BUDGET_OCTETS;
    return engine;
  } catch (cause) {
    throw new RangeError(messageOf(cause), { cause });
  }
}
