import { parseCorefile } from '../../src/corefile/parse.ts';
import type { FileAccess, ServerBlock } from '../../src/corefile/parse.ts';
import { memoryFiles } from './memory-files.ts';

/** Names without a meaning of their own here: the parser only compares them. */
export const DIRECTIVES: ReadonlySet<string> = new Set(
  'bind cache dns64 errors forward health hosts log loop prometheus reload template whoami'.split(' '),
);

export interface ParseOptions {
  readonly file?: string;
  readonly directives?: ReadonlySet<string>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly files?: FileAccess;
  readonly warnings?: string[];
}

export function parseText(text: string, options: ParseOptions = {}): ServerBlock[] {
  return parseCorefile({
    file: options.file ?? 'Corefile',
    text,
    directives: options.directives ?? DIRECTIVES,
    environment: options.environment ?? {},
    files: options.files ?? memoryFiles({}),
    warn: (message) => options.warnings?.push(message),
  });
}

/** Blocks as plain data: keys, and the words of each directive. */
export function outline(blocks: readonly ServerBlock[]): unknown[] {
  return blocks.map((block) => [
    block.keys,
    Object.fromEntries(
      Array.from(block.directives, ([name, tokens]) => [name, tokens.map((token) => token.text).join(' ')]),
    ),
  ]);
}
