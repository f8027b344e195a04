// A hand that moves over the words of one directive of one server block, for the code that sets the directive up. All
// occurrences of the directive in the block follow each other, each beginning with its name:
//
//   while (cursor.next()) {                      // the name
//     const args = cursor.remainingArgs();       // the rest of its line, up to "{"
//     while (cursor.nextBlock()) {               // the first word of each line inside the braces
//       switch (cursor.value) { … }
//     }
//   }
//
// It checks nothing but lines and braces. The errors it makes are returned, so that the caller's `throw` is visible
// where it happens.

import { argumentError, endOfFileError, parsingError, unexpectedToken } from './corefile-error.ts';
import type { CorefileError, Place } from './corefile-error.ts';
import { continuesLine, startsLaterLine } from './token.ts';
import type { Token } from './token.ts';

export class Cursor {
  readonly #file: string;
  readonly #tokens: readonly Token[];
  #index = -1;
  #nesting = 0;

  /**
   * @param file the Corefile, for errors before the first word is read
   * @param tokens one entry of `ServerBlock.directives`
   */
  constructor(file: string, tokens: readonly Token[]) {
    this.#file = file;
    this.#tokens = tokens;
  }

  /** The word read last; empty before the first. */
  get value(): string {
    return this.#place.text;
  }

  /** The line of the word read last; 0 before the first. */
  get line(): number {
    return this.#place.line;
  }

  /** The file of the word read last, which an import may have brought. */
  get file(): string {
    return this.#place.file;
  }

  /** Reads the next word, wherever it is; false, and unmoved, at the end. */
  next(): boolean {
    if (this.#index >= this.#tokens.length - 1) return false;
    this.#index += 1;
    return true;
  }

  /** Reads the next word if it is on the same line. Braces are words too. */
  nextArg(): boolean {
    return this.#nextIf(continuesLine);
  }

  /** Reads the next word if it is on a later line, or in another file. */
  nextLine(): boolean {
    return this.#nextIf(startsLaterLine);
  }

  /**
   * Enters the block that opens on this line, or goes on in the block that has been entered: reads the next word in
   * it. False when no block opens here (unmoved), when it is empty, at its closing brace, and at the end of the words.
   *
   * A `{` inside a block enters an inner one; its `}` gives false as well, and the outer block can then be gone on
   * with.
   */
  nextBlock(): boolean {
    const next = this.#tokens[this.#index + 1];
    if (next === undefined) return false;
    if (next.text === '{' && (this.#nesting > 0 || this.#continuesLine(next))) return this.#enterBlock();
    if (this.#nesting === 0) return false;
    this.#index += 1;
    if (next.text !== '}') return true;
    this.#nesting -= 1;
    return false;
  }

  /** Reads the rest of the line, up to a `{`, which stays unread. */
  remainingArgs(): string[] {
    const args: string[] = [];
    while (this.#tokens[this.#index + 1]?.text !== '{' && this.nextArg()) args.push(this.value);
    return args;
  }

  /** `FILE:LINE - Error during parsing: MESSAGE`, at the word read last. */
  error(message: string): CorefileError {
    return parsingError('COREFILE_PARSING', this.#place, message);
  }

  /** An argument is missing behind the word read last, or that word is one too many. */
  argError(): CorefileError {
    return argumentError(this.#place);
  }

  /** The word read last should have been `expected`. */
  syntaxError(expected: string): CorefileError {
    return unexpectedToken(this.#place, expected);
  }

  /** The words end too early. */
  eofError(): CorefileError {
    return endOfFileError(this.#place);
  }

  get #place(): Place {
    return this.#tokens[this.#index] ?? { file: this.#file, line: 0, text: '' };
  }

  #nextIf(follows: (previous: Token, next: Token) => boolean): boolean {
    const previous = this.#tokens[this.#index];
    const next = this.#tokens[this.#index + 1];
    if (next === undefined || (previous !== undefined && !follows(previous, next))) return false;
    this.#index += 1;
    return true;
  }

  #continuesLine(next: Token): boolean {
    const previous = this.#tokens[this.#index];
    return previous !== undefined && continuesLine(previous, next);
  }

  /** Reads `{` and the word behind it, which is the first of the block, or its end. */
  #enterBlock(): boolean {
    this.#index += 1;
    if (!this.next() || this.value === '}') return false;
    this.#nesting += 1;
    return true;
  }
}
