/**
 * Cuts the text of one resource record into words as a zone file has them (RFC 1035 section 5.1): white space, parentheses that let a
 * record go on behind a line's end, comments, quotes and escapes. Escapes stay in the words, since a name and a text read them
 * differently. What a word means is not decided here.
 */

/** The most that is read: 65,535 octets of RDATA, each written as `\DDD`, and what stands around them. */
export const MAX_RECORD_TEXT = 300_000;

export interface Word {
  /** Without its quotes, with its escapes. */
  readonly text: string;
  readonly quoted: boolean;
}

/** So much of a word stands in an error. */
const MAX_SHOWN_CHARACTERS = 80;

const BLANKS = /[ \t\r]+/y;
const COMMENT = /;[^\n]*/y;
const PLAIN = /(?:[^ \t\r\n"();\\]|\\[^])+/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;

/**
 * @returns the words of the first line that is not empty; parentheses make one line of several.
 * @throws RangeError for an open quote or parenthesis, a backslash at the end, or a second record behind the first
 */
export function cutWords(text: string): Word[] {
  if (text.length > MAX_RECORD_TEXT) {
    throw new RangeError(`expected at most ${MAX_RECORD_TEXT} characters, found ${text.length}`);
  }
  const words: Word[] = [];
  let depth = 0;
  let offset = 0;
  let lineEnded = false;
  while (offset < text.length) {
    const skipped = match(BLANKS, text, offset)?.length ?? match(COMMENT, text, offset)?.length ?? 0;
    offset += skipped;
    if (skipped > 0) continue;
    const character = text[offset];
    if (character === '\n') lineEnded ||= depth === 0 && words.length > 0;
    else if (lineEnded) throw new RangeError('expected one record, found another behind it');
    else if (character === '(') depth++;
    else if (character === ')') {
      if (--depth < 0) throw new RangeError('expected "(" before ")"');
    } else {
      const word = readWord(text, offset);
      words.push(word);
      offset += word.length;
      continue;
    }
    offset++;
  }
  if (depth > 0) throw new RangeError('expected ")", found the end');
  return words;
}

/** `length`: how many characters the word takes in the text. */
function readWord(text: string, start: number): Word & { length: number } {
  if (text[start] === '"') {
    const quoted = readQuoted(text, start);
    return { text: quoted.slice(1, -1), quoted: true, length: quoted.length };
  }
  const plain = match(PLAIN, text, start);
  if (plain === undefined) throw new RangeError('expected a character behind the last "\\"');
  if (!plain.endsWith('=') || text[start + plain.length] !== '"') {
    return { text: plain, quoted: false, length: plain.length };
  }
  // `alpn="h2,h3"` is one word (RFC 9460 section 2.1).
  const value = readQuoted(text, start + plain.length);
  return { text: plain + value.slice(1, -1), quoted: false, length: plain.length + value.length };
}

function readQuoted(text: string, start: number): string {
  const quoted = match(QUOTED, text, start);
  if (quoted === undefined) throw new RangeError('expected a closing quote, found the end');
  return quoted;
}

function match(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}

/** Text as an error shows it: quoted, and not all of a long one. */
export const shown = (text: string): string =>
  text.length <= MAX_SHOWN_CHARACTERS ? `"${text}"` : `"${text.slice(0, MAX_SHOWN_CHARACTERS)}…"`;

/**
 * The octets that a word stands for: `\DDD` is the octet of that number, a backslash before anything else that thing itself.
 * @throws RangeError for a broken escape
 */
export function wordOctets(text: string): Uint8Array {
  const octets = Buffer.from(text, 'utf8');
  let length = 0;
  for (let i = 0; i < octets.length; i++, length++) {
    octets[length] = octets[i];
    if (octets[i] !== 0x5c) continue;
    const escape = octets.toString('latin1', i + 1, i + 4);
    if (!/^\d/.test(escape)) {
      octets[length] = octets[++i];
      continue;
    }
    if (!/^\d{3}$/.test(escape) || Number(escape) > 255) {
      throw new RangeError(`expected an escape from \\000 to \\255, found "\\${escape}"`);
    }
    octets[length] = Number(escape);
    i += 3;
  }
  return octets.subarray(0, length);
}
