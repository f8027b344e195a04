// A word of a Corefile and where it stood, and the two questions the grammar asks about neighbouring words. The
// grammar is made of lines, but a list of tokens mixes files and snippets, so "the next line" is not simply one more.

/** One word. `line` counts from 1 and is the line on which the word starts; `text` comes without its quotes. */
export interface Token {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Whether `next` follows on the line on which `previous` ends (a quoted word may span lines). */
export function continuesLine(previous: Token, next: Token): boolean {
  return previous.file === next.file && lastLine(previous) === next.line;
}

/**
 * Whether `next` stands on a later line than `previous`, or in another file. Not the opposite of `continuesLine`: a
 * snippet's words come from earlier lines of the same file, and are then neither.
 */
export function startsLaterLine(previous: Token, next: Token): boolean {
  return previous.file !== next.file || lastLine(previous) < next.line;
}

function lastLine(token: Token): number {
  let line = token.line;
  for (let at = token.text.indexOf('\n'); at !== -1; at = token.text.indexOf('\n', at + 1)) line += 1;
  return line;
}
