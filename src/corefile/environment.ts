// Puts environment variables into the words of a Corefile: `{%NAME%}` first, then `{$NAME}`. A value may contain
// further markers, which are replaced in turn, and is never cut into several words. An unset variable is an empty
// text. Where CoreDNS would replace for ever (a value that names itself), this ends with an error.

import { parsingError } from './corefile-error.ts';
import type { Token } from './token.ts';

/** The variables by name. Only own properties count. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Marker {
  readonly open: string;
  readonly close: string;
}

const MARKERS: readonly Marker[] = [
  { open: '{%', close: '%}' },
  { open: '{$', close: '}' },
];

/** Different markers replaced in one word of one kind. More than any real word has, and quickly counted. */
const MOST_REPLACEMENTS = 1000;

/** Length, in UTF-16 units, beyond which a word may not grow. Linux passes at most 128 KiB in one variable. */
const MOST_LENGTH = 256 * 1024;

/**
 * The text of `token` with its variables replaced. A marker without a name (`{$}`, `{%%}`) stays, and so does what
 * follows it.
 *
 * @throws {CorefileError} when the replacing does not come to an end
 */
export function substituteEnvironment(token: Token, environment: Environment): string {
  let text = token.text;
  if (!text.includes('{')) return text;
  for (const marker of MARKERS) text = replaceMarkers(text, marker, environment, token);
  return text;
}

/** The names in `text`, as it is written, of variables that are not set: each will be an empty text. */
export function unsetVariables(text: string, environment: Environment): string[] {
  if (!text.includes('{')) return [];
  const names = MARKERS.flatMap((marker) => namesIn(text, marker));
  return names.filter((name) => !Object.hasOwn(environment, name) || environment[name] === undefined);
}

/** Looks at each character once. */
function namesIn(text: string, { open, close }: Marker): string[] {
  const names: string[] = [];
  for (let start = text.indexOf(open); start !== -1;) {
    const nameStart = start + open.length;
    const end = text.indexOf(close, nameStart);
    if (end === -1) break;
    if (end > nameStart) names.push(text.slice(nameStart, end));
    start = text.indexOf(open, end + close.length);
  }
  return names;
}

function replaceMarkers(original: string, marker: Marker, environment: Environment, token: Token): string {
  let text = original;
  for (let count = 0; ; count += 1) {
    const name = firstName(text, marker);
    if (name === undefined) return text;
    const reference = marker.open + name + marker.close;
    const value = Object.hasOwn(environment, name) ? (environment[name] ?? '') : '';
    const parts = text.split(reference);
    const growth = (parts.length - 1) * (value.length - reference.length);
    const tooLong = growth > 0 && text.length + growth > MOST_LENGTH;
    if (tooLong || count === MOST_REPLACEMENTS) throw endless(token, reference);
    text = parts.join(value);
  }
}

/** The name in the first marker; undefined when there is none, or when it is empty, which ends the replacing. */
function firstName(text: string, marker: Marker): string | undefined {
  const start = text.indexOf(marker.open);
  if (start === -1) return undefined;
  // Searched from the start of the marker, as CoreDNS does: in `{%}` the closing part overlaps the opening one.
  const end = text.indexOf(marker.close, start);
  const nameStart = start + marker.open.length;
  return end > nameStart ? text.slice(nameStart, end) : undefined;
}

function endless(token: Token, reference: string): Error {
  return parsingError(
    'COREFILE_ENVIRONMENT',
    token,
    `Too many environment substitutions, last '${reference}': does its value refer to itself?`,
  );
}
