/**
 * The five ways in which a rule picks names, and in which it renames them: `exact`, `prefix`, `suffix`, `substring`, `regex`. All but
 * `exact` are about the text of a name, as in CoreDNS, which puts a final dot to whatever stands in a rule: so `prefix foo` is about the
 * first label `foo`, and not about all names that begin with these letters.
 */
import { nameFromText } from '../../wire/name.ts';
import type { MutableName } from './mutable-name.ts';
import { PatternRewrite, normalized, patternOf } from './replacement.ts';

export type Kind = 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex';
const KINDS: ReadonlySet<string> = new Set<Kind>(['exact', 'prefix', 'suffix', 'substring', 'regex']);
export const isKind = (word: string): word is Kind => KINDS.has(word);

/** Whether a rule is about this name. */
export type NameMatch = (name: MutableName) => boolean;

/** Gives the name another one if it is one that the rule is about, and says whether it was. */
export type Rename = (name: MutableName) => boolean;

/** @throws RangeError with `badPattern` where `from` should be a regular expression and is none, or for an exact name that is none */
export function nameMatch(kind: Kind, from: string, badPattern: string): NameMatch {
  const text = normalized(from);
  switch (kind) {
    case 'exact': {
      const exact = nameFromText(text);
      return (name) => name.equals(exact);
    }
    case 'prefix':
      return (name) => name.text.startsWith(text);
    case 'suffix':
      return (name) => name.text.endsWith(text);
    case 'substring':
      return (name) => name.text.includes(text);
    default: {
      const pattern = patternOf(from, badPattern);
      return (name) => pattern.matches(name.text);
    }
  }
}

/** @throws RangeError for a pattern or an exact name that is none, in CoreDNS's words where it says something */
export function rename(kind: Kind, from: string, to: string): Rename {
  if (kind === 'exact') return exactRename(from, to);
  if (kind === 'regex') return patternRename(new PatternRewrite(from, to));
  const [oldText, newText] = [normalized(from), normalized(to)];
  const matches = nameMatch(kind, from, '');
  const renamed = RENAMED[kind];
  return (name) => {
    if (!matches(name)) return false;
    name.setText(renamed(name.text, oldText, newText));
    return true;
  };
}

const RENAMED: Readonly<
  Record<'prefix' | 'suffix' | 'substring', (text: string, from: string, to: string) => string>
> = {
  prefix: (text, from, to) => to + text.slice(from.length),
  suffix: (text, from, to) => text.slice(0, text.length - from.length) + to,
  substring: (text, from, to) => text.split(from).join(to),
};

function exactRename(from: string, to: string): Rename {
  const [oldName, newName] = [nameFromText(normalized(from)), nameFromText(normalized(to))];
  return (name) => {
    if (!name.equals(oldName)) return false;
    name.set(newName, newName.length);
    return true;
  };
}

export const patternRename =
  (rewrite: PatternRewrite): Rename =>
  (name) => {
    const text = rewrite.apply(name.text);
    if (text === undefined) return false;
    name.setText(text);
    return true;
  };
