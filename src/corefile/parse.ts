// Groups the words of a Corefile into server blocks and, inside each, by directive. It knows where blocks begin and
// end and which names directives may have, and nothing of what a directive means: its arguments are kept as words for
// whoever sets the directive up.
//
//   corefile  = { snippet | import | block }
//   block     = keys ( "{" directives "}" | directives, to the end or to a stray "}" )
//   keys      = key { [","] key }          on one line; a comma behind a key continues on the next
//   directive = name { argument } [ "{" … "}" ]
//
// The grammar, its oddities and its messages are CoreDNS's; where a rule looks strange, a file in use depends on it.

import { endOfFileError, parsingError, unexpectedToken } from './corefile-error.ts';
import { substituteEnvironment, unsetVariables } from './environment.ts';
import type { Environment } from './environment.ts';
import { Imports } from './imports.ts';
import type { FileAccess } from './imports.ts';
import { tokenize } from './lexer.ts';
import { TokenStream } from './token-stream.ts';
import type { Token } from './token.ts';

export type { FileAccess } from './imports.ts';

/** A Corefile and everything its reading depends on. */
export interface CorefileSource {
  /** The path, as errors shall show it; what it imports is relative to its directory. */
  readonly file: string;
  readonly text: string;
  /** Every name that a directive may have; `import` is none of them. */
  readonly directives: ReadonlySet<string>;
  readonly environment: Environment;
  readonly files: FileAccess;
  /** Takes a line without its level. */
  warn(message: string): void;
}

/** One server block: its keys as written (environment replaced, commas gone) and the words of each directive. */
export interface ServerBlock {
  readonly keys: readonly string[];
  /** Where its first key stands. */
  readonly file: string;
  readonly line: number;
  /**
   * By name, in the order of first appearance. A directive's words are its name, its arguments and its braces; when it
   * is repeated in the block, those of the next one follow.
   */
  readonly directives: ReadonlyMap<string, readonly Token[]>;
}

/**
 * Reads a Corefile. Empty text, or one of snippets only, has no server blocks.
 *
 * @throws {CorefileError} with CoreDNS's message, file and line
 */
export function parseCorefile(source: CorefileSource): ServerBlock[] {
  const reader = new BlockReader(source);
  const blocks: ServerBlock[] = [];
  while (!reader.atEnd) {
    const block = reader.read();
    if (block !== undefined && block.keys.length > 0) blocks.push(block);
  }
  return blocks;
}

class BlockReader {
  readonly #stream: TokenStream;
  readonly #imports: Imports;
  readonly #directives: ReadonlySet<string>;
  readonly #environment: Environment;
  readonly #warn: (message: string) => void;
  /** Variables that were missed and told of. */
  readonly #missed = new Set<string>();

  constructor(source: CorefileSource) {
    this.#stream = new TokenStream(source.file, tokenize(source.text, source.file));
    this.#imports = new Imports(source);
    this.#directives = source.directives;
    this.#environment = source.environment;
    this.#warn = (message) => source.warn(message);
  }

  get atEnd(): boolean {
    return this.#stream.next === undefined;
  }

  /** The next server block; undefined after a snippet, which is kept for later. */
  read(): ServerBlock | undefined {
    const keys = this.#readKeys();
    const directives = new Map<string, Token[]>();
    const snippetName = keys.length === 1 ? /^\((.*)\)$/s.exec(keys[0]?.text ?? '')?.[1] : undefined;
    // A file may end behind the keys; that is a block without directives, never a snippet.
    if (!this.atEnd) {
      if (snippetName !== undefined) {
        this.#readSnippet(snippetName);
        return undefined;
      }
      this.#readBody(directives);
    }
    const { file, line } = keys[0] ?? this.#stream.current;
    return { keys: keys.map((key) => key.text), file, line, directives };
  }

  /** Reads up to the opening brace, the next line or the end. */
  #readKeys(): Token[] {
    const stream = this.#stream;
    const keys: Token[] = [];
    let expectingAnother = false;
    let startsHere = true;
    for (let next = stream.next; next !== undefined; next = stream.next) {
      if (!startsHere && !expectingAnother && stream.nextStartsLine()) return keys;
      const text = this.#substitute(next);
      if (text === 'import' && stream.nextStartsLine()) {
        this.#imports.expand(stream);
        startsHere = true;
        continue;
      }
      if (text === '{') {
        if (!expectingAnother) return keys;
        const message = "Expected another address but had '{' - check for extra comma";
        throw parsingError('COREFILE_PARSING', next, message);
      }
      startsHere = false;
      stream.take();
      if (text === '') continue;
      expectingAnother = text.endsWith(',');
      keys.push({ ...next, text: expectingAnother ? text.slice(0, -1) : text });
    }
    if (expectingAnother) throw endOfFileError(stream.current);
    return keys;
  }

  /** Keeps everything up to the matching brace, unread. */
  #readSnippet(name: string): void {
    const stream = this.#stream;
    const opening = stream.take();
    if (this.#imports.hasSnippet(name)) {
      const message = `redeclaration of previously declared snippet ${name}`;
      throw parsingError('COREFILE_IMPORT', opening, message);
    }
    if (opening.text !== '{') throw unexpectedToken(opening, '{');
    const body: Token[] = [];
    for (let depth = 1; ;) {
      if (stream.next === undefined) throw unexpectedToken(stream.current, '}');
      const token = stream.take();
      if (token.text === '{') depth += 1;
      else if (token.text === '}') depth -= 1;
      if (depth === 0) break;
      body.push(token);
    }
    this.#imports.define(name, body, stream.current);
  }

  /** Reads the directives of one block, with or without braces around them. */
  #readBody(directives: Map<string, Token[]>): void {
    const stream = this.#stream;
    const braced = stream.next?.text === '{';
    if (braced) stream.take();
    for (let next = stream.next; next !== undefined; next = stream.next) {
      if (next.text === '}') {
        stream.take();
        return;
      }
      if (next.text === 'import') this.#imports.expand(stream);
      else this.#readDirective(directives);
    }
    // The last word is what CoreDNS looks at, so the brace that closes a plugin's block closes the server block too
    // when the file ends there.
    if (braced && stream.current.text !== '}') throw unexpectedToken(stream.current, '}');
  }

  /** Reads one directive, to the end of its line or of the block that it opens. */
  #readDirective(directives: Map<string, Token[]>): void {
    const stream = this.#stream;
    const written = stream.take();
    const name = this.#substitute(written);
    if (!this.#directives.has(name)) {
      throw parsingError('COREFILE_DIRECTIVE', written, `Unknown directive '${name}'`);
    }
    const tokens = directives.get(name) ?? [];
    directives.set(name, tokens);
    tokens.push({ ...written, text: name });
    let nesting = 0;
    for (let next = stream.next; next !== undefined; next = stream.next) {
      if (next.text === '{') {
        nesting += 1; // also at the start of a line: it belongs to the directive before it
      } else if (nesting === 0 && stream.nextStartsLine()) {
        return;
      } else if (next.text === '}') {
        if (nesting === 0) {
          throw parsingError('COREFILE_PARSING', next, "Unexpected '}' because no matching opening brace");
        }
        nesting -= 1;
      } else if (next.text === 'import' && stream.nextStartsLine()) {
        this.#imports.expand(stream);
        continue;
      }
      tokens.push(stream.takeAs(this.#substitute(next)));
    }
    if (nesting > 0) throw endOfFileError(stream.current);
  }

  #substitute(token: Token): string {
    for (const name of unsetVariables(token.text, this.#environment)) this.#tellOfUnset(name, token);
    return substituteEnvironment(token, this.#environment);
  }

  /** Allowed, as in CoreDNS; what it leads to seldom says why. */
  #tellOfUnset(name: string, { file, line }: Token): void {
    if (this.#missed.has(name)) return;
    this.#missed.add(name);
    this.#warn(
      `${file}:${line}: the environment variable ${name} is not set, and nothing stands in its place`,
    );
  }
}
