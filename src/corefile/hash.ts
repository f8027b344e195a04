// One number for what a Corefile says, so that a reload can be left out when nothing changed. It covers the words
// and their places after imports and environment variables have been put in: a comment changes it only by moving what
// follows, a changed imported file or variable always does.

import { createHash } from 'node:crypto';
import type { ServerBlock } from './parse.ts';

/** The SHA-512 of the blocks' keys and tokens (file, line, text), in lower-case hexadecimal. */
export function hashServerBlocks(blocks: readonly ServerBlock[]): string {
  const content = blocks.map((block) => [
    block.keys,
    Array.from(block.directives, ([name, tokens]) => [
      name,
      tokens.map((token) => [token.file, token.line, token.text]),
    ]),
  ]);
  return createHash('sha512').update(JSON.stringify(content)).digest('hex');
}
