/** Where a configuration comes from: a file, standard input, or the default that the package carries. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf } from '../base/error-message.ts';
import { parseCorefile } from '../corefile/parse.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { KNOWN_DIRECTIVES } from '../plugins/index.ts';
import { NODE_FILES } from './node-files.ts';

export interface CorefileSource {
  /** As given by the user; stands in every error. */
  readonly file: string;
  /** The text, for sources that cannot be read twice. */
  readonly text: string | undefined;
  /** Set for the embedded default (see `SetupContext.lenient`). */
  readonly lenient: boolean;
}

const STDIN = 0;

/** `undefined` stands for the embedded default, `stdin` for standard input. */
export function corefileSource(file: string | undefined): CorefileSource {
  if (file === undefined) {
    const embedded = fileURLToPath(new URL('../../config/Corefile', import.meta.url));
    return { file: embedded, text: undefined, lenient: true };
  }
  if (file === 'stdin') return { file: '/dev/stdin', text: readFileSync(STDIN, 'utf8'), lenient: false };
  return { file, text: undefined, lenient: false };
}

/**
 * Reads and parses the source as it is now.
 * @throws CorefileError, or Error when the file cannot be read or holds no server block.
 */
export function readCorefile(source: CorefileSource, warn: (message: string) => void): ServerBlock[] {
  const blocks = parseCorefile({
    file: source.file,
    text: source.text ?? readText(source.file),
    directives: KNOWN_DIRECTIVES,
    environment: process.env,
    files: NODE_FILES,
    warn,
  });
  // CoreDNS would serve `whoami` on every address then; a file caught half written must not do that to a node.
  if (blocks.length === 0) throw new Error(`${source.file}:1 - Error during parsing: no server block found`);
  return blocks;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new Error(`loading Corefile: open ${file}: ${reason}`, { cause: error });
  }
}
