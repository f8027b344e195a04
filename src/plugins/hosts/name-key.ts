/**
 * Names as keys: the folded wire form, one character an octet, which is how `Query.key` starts. Looking a query's name up needs no work on
 * the name that way.
 */
import { lowerCaseName } from '../../corefile/domain-name.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../../wire/name.ts';

/**
 * The key of a host name as people write it, with or without a final dot.
 *
 * @returns undefined for what cannot be a host's name: empty, too long, or with a backslash, which no hosts file gives a meaning to
 */
export function nameKey(name: string): string | undefined {
  if (name.includes('\\')) return undefined;
  const folded = Buffer.from(lowerCaseName(name), 'utf8').toString('latin1');
  const labels = (folded.endsWith('.') ? folded.slice(0, -1) : folded).split('.');
  let key = '';
  for (const label of labels) {
    if (label === '' || label.length > MAX_LABEL_OCTETS) return undefined;
    key += String.fromCharCode(label.length) + label;
  }
  key += '\0';
  return key.length <= MAX_NAME_OCTETS ? key : undefined;
}

/** The labels of a key, from the left, without the root. */
export function labelsOf(key: string): string[] {
  const labels: string[] = [];
  for (let at = 0; key.charCodeAt(at) > 0; at += key.charCodeAt(at) + 1) {
    labels.push(key.slice(at + 1, at + 1 + key.charCodeAt(at)));
  }
  return labels;
}

const ASTERISK = '\u0001*';

export const isWildcard = (key: string): boolean => key.startsWith(ASTERISK);

/** The key of the wildcard that stands for this name and its siblings; `*` takes the place of exactly one label. */
export const wildcardFor = (key: string): string => ASTERISK + key.slice(key.charCodeAt(0) + 1);
