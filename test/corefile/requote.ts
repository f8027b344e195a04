import type { Token } from '../../src/corefile/token.ts';

/** Writes tokens as a text again, each in quotes and on its own line number. They must be of one file. */
export function requote(tokens: readonly Token[]): string {
  let text = '';
  let line = 1;
  for (const token of tokens) {
    text += '\n'.repeat(token.line - line);
    text += ` "${token.text.replaceAll('"', String.raw`\"`)}"`;
    line = token.line + token.text.split('\n').length - 1;
  }
  return text;
}
