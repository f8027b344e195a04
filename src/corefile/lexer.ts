// Cuts the text of a Corefile into words. It knows white space, quotes and comments, and nothing of braces or
// directives: once cut, a quoted word is a word like any other. Its oddities are CoreDNS's, because files in use
// depend on them without anyone knowing:
//
//   8.8.8.8#53        one word, `8.8.8.8`: a comment starts anywhere outside quotes, even inside a word
//   foo#bar baz       two words, `foo` and `baz`: the space that ends the word `foo` ends its comment too
//   a<CR>b            one word, `ab`: a carriage return vanishes and separates nothing
//   "a"b              two words: a quoted word ends at its closing quote
//   a"b               one word: a quote inside a word is only a character
//   "a \"b\" \n"      only the quote can be escaped; any other backslash stays

import type { Token } from './token.ts';

/** What Go's `unicode.IsSpace` takes for white space, without the carriage return; JavaScript's `\s` differs. */
const SEPARATOR = /[\t\n\v\f \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/;

/** The same with the carriage return: what ends a run of characters that go into a word unchanged. */
const PLAIN_RUN = /[^\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000#]+/y;

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Cuts `text` into tokens. Never throws: a quote that is not closed ends with the text.
 *
 * @param text the whole file; one leading byte order mark is dropped
 * @param file the name that errors shall show
 */
export function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let offset = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  let line = 1;
  while (offset < text.length) {
    const character = text.charAt(offset);
    if (character === '#') {
      offset = endOfLine(text, offset);
    } else if (character === '\r' || SEPARATOR.test(character)) {
      if (character === '\n') line += 1;
      offset += 1;
    } else {
      const word = character === '"' ? readQuoted(text, offset + 1) : readWord(text, offset);
      if (word.complete) tokens.push({ file, line, text: word.text });
      line += word.newlines;
      offset = word.end;
    }
  }
  return tokens;
}

/** A word that has been read: what it says, where the reading goes on, and how many lines it spans. */
interface Word {
  readonly text: string;
  readonly end: number;
  readonly newlines: number;
  /** False for an opening quote with nothing behind it, which is no word. */
  readonly complete: boolean;
}

/** Reads from the first character of an unquoted word to the separator behind it, which stays unread. */
function readWord(text: string, start: number): Word {
  let word = '';
  let end = start;
  while (end < text.length) {
    PLAIN_RUN.lastIndex = end;
    const run = PLAIN_RUN.exec(text)?.[0] ?? '';
    word += run;
    end += run.length;
    if (text[end] === '#') {
      end = endOfWordComment(text, end);
      break;
    }
    if (text[end] !== '\r') break;
    end += 1;
  }
  return { text: word, end, newlines: 0, complete: true };
}

/** Reads from behind the opening quote to behind the closing one, or to the end of the text. */
function readQuoted(text: string, start: number): Word {
  let word = '';
  let newlines = 0;
  let end = start;
  for (; end < text.length; end += 1) {
    const character = text.charAt(end);
    if (character === '"') return { text: word, end: end + 1, newlines, complete: true };
    if (character === '\n') newlines += 1;
    if (character !== '\\') {
      word += character;
      continue;
    }
    end += 1;
    const escaped = text.charAt(end);
    if (escaped === '\n') newlines += 1;
    if (escaped !== '') word += escaped === '"' ? '"' : `\\${escaped}`;
  }
  return { text: word, end, newlines, complete: word !== '' };
}

/** The end of a comment that stands by itself: the line feed, or the end of the text. */
function endOfLine(text: string, start: number): number {
  const lineFeed = text.indexOf('\n', start);
  return lineFeed === -1 ? text.length : lineFeed;
}

/** The end of a comment that is glued to a word: the first separator of any kind. */
function endOfWordComment(text: string, start: number): number {
  let end = start;
  while (end < text.length && !SEPARATOR.test(text.charAt(end))) end += 1;
  return end;
}
