// The words of a Corefile in reading order while it is being grouped into blocks. An import puts other words in its
// own place, so the words to come are a stack: each is moved once, however often files and snippets are nested.

import type { Place } from './corefile-error.ts';
import { continuesLine, startsLaterLine } from './token.ts';
import type { Token } from './token.ts';

export class TokenStream {
  readonly #file: string;
  /** The words to come, the next one last. */
  readonly #pending: Token[];
  #current: Token | undefined;
  #afterImport = false;

  constructor(file: string, tokens: readonly Token[]) {
    this.#file = file;
    this.#pending = tokens.toReversed();
  }

  /** The word that comes next, unread; undefined at the end. */
  get next(): Token | undefined {
    return this.#pending.at(-1);
  }

  /** The word read last, or the beginning of the file. */
  get current(): Place {
    return this.#current ?? { file: this.#file, line: 0, text: '' };
  }

  /** Reads the next word, which must be there (see `next`). */
  take(): Token {
    const token = this.#pending.pop();
    if (token === undefined) throw new RangeError('read past the end of the tokens');
    this.#current = token;
    this.#afterImport = false;
    return token;
  }

  /** Reads the next word, but keeps another text for it (its environment variables are replaced by their values). */
  takeAs(text: string): Token {
    const token = this.take();
    this.#current = token.text === text ? token : { file: token.file, line: token.line, text };
    return this.#current;
  }

  /** Whether the next word is on the line of the word read last. */
  nextContinuesLine(): boolean {
    return this.#current !== undefined && this.next !== undefined && continuesLine(this.#current, this.next);
  }

  /**
   * Whether the next word begins a line. What an import brought begins one, since an import does: by its line number
   * alone the first word of a snippet would seem to continue something.
   */
  nextStartsLine(): boolean {
    if (this.next === undefined) return false;
    return this.#current === undefined || this.#afterImport || startsLaterLine(this.#current, this.next);
  }

  /**
   * Runs `read`, which reads an import, then puts the words it returns in front of those to come. The import's own
   * words are forgotten: the word read last is again the one before them.
   */
  replaceImport(read: () => readonly Token[]): void {
    const before = this.#current;
    const tokens = read();
    for (let index = tokens.length - 1; index >= 0; index -= 1) {
      const token = tokens[index];
      if (token !== undefined) this.#pending.push(token);
    }
    this.#current = before;
    this.#afterImport = true;
  }
}
