// What `import` brings: the body of a snippet, or the words of one file or of several that match a pattern. It decides
// what may be imported, how often, and how what is missing is told. Where an import may stand is the parser's
// business, and reading files and matching names is the caller's.

import { posix } from 'node:path';
import { argumentError, parsingError } from './corefile-error.ts';
import type { CorefileError, Place } from './corefile-error.ts';
import { substituteEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { tokenize } from './lexer.ts';
import type { TokenStream } from './token-stream.ts';
import type { Token } from './token.ts';

/** The files of the host, or of a test. Paths are relative to the Corefile's own path, or absolute. */
export interface FileAccess {
  /** The text of a file. Throws when it is missing (an error without a code, or with ENOENT or ENOTDIR). */
  read(path: string): string;
  /** The files that match a pattern with at most one `*` and one `?`, sorted; empty when there are none. */
  glob(pattern: string): string[];
}

export interface ImportSource {
  readonly files: FileAccess;
  readonly environment: Environment;
  /** Takes one line without a level: something was imported that is not there, which is allowed for a pattern. */
  warn(message: string): void;
}

const MOST_SNIPPETS = 10_000;
const MOST_FILES = 100_000;

/** The depth that both messages name, as CoreDNS's do. */
const NAMED_DEPTH = MOST_SNIPPETS;

/** CoreDNS has no such bound; a file that imports itself would fill the memory before it meets the other two. */
const MOST_TOKENS = 1_000_000;

export class Imports {
  readonly #source: ImportSource;
  readonly #snippets = new Map<string, readonly Token[]>();
  /** A file is read once, however often it is imported. */
  readonly #files = new Map<string, readonly Token[]>();
  #snippetCount = 0;
  #fileCount = 0;
  #tokenCount = 0;

  constructor(source: ImportSource) {
    this.#source = source;
  }

  hasSnippet(name: string): boolean {
    return this.#snippets.has(name);
  }

  /**
   * Keeps a snippet for the imports that follow.
   *
   * @param end the brace that closes the snippet
   * @throws {CorefileError} when the snippet imports itself
   */
  define(name: string, tokens: readonly Token[], end: Place): void {
    const importsItself = tokens.some((token, index) => {
      const argument = tokens[index + 1];
      if (token.text !== 'import' || argument === undefined) return false;
      const before = tokens[index - 1];
      const startsLine = before === undefined || before.file !== token.file || before.line !== token.line;
      return startsLine && substituteEnvironment(argument, this.#source.environment) === name;
    });
    if (importsItself) throw importError(end, `maximum snippet import depth (${NAMED_DEPTH}) exceeded`);
    this.#snippets.set(name, tokens);
  }

  /**
   * Replaces the import that comes next in `stream` by what it brings.
   *
   * @throws {CorefileError} when it has not exactly one argument, names nothing, or is one too many
   */
  expand(stream: TokenStream): void {
    stream.replaceImport(() => {
      const argument = this.#readArgument(stream);
      const tokens = this.#lookUp(argument);
      this.#tokenCount += tokens.length;
      if (this.#tokenCount > MOST_TOKENS) {
        throw importError(argument, `imports bring more than ${MOST_TOKENS} words`);
      }
      return tokens;
    });
  }

  #readArgument(stream: TokenStream): Token {
    stream.take();
    const raw = stream.next;
    if (raw === undefined || !stream.nextContinuesLine()) throw argumentError(stream.current);
    stream.take();
    const text = substituteEnvironment(raw, this.#source.environment);
    if (text === '') throw importError(raw, 'Import requires a non-empty filepath');
    if (stream.nextContinuesLine()) {
      throw importError(stream.take(), 'Import takes only one argument (glob pattern or file)');
    }
    return { ...raw, text };
  }

  #lookUp(argument: Token): readonly Token[] {
    const snippet = this.#snippets.get(argument.text);
    if (snippet === undefined) return this.#lookUpFiles(argument);
    if (this.#snippetCount >= MOST_SNIPPETS) {
      throw importError(argument, `maximum snippet import depth (${NAMED_DEPTH}) exceeded`);
    }
    this.#snippetCount += 1;
    return snippet;
  }

  #lookUpFiles(argument: Token): readonly Token[] {
    if (this.#fileCount >= MOST_FILES) {
      throw importError(argument, `maximum file import depth (${NAMED_DEPTH}) exceeded`);
    }
    this.#fileCount += 1;
    const pattern = posix.isAbsolute(argument.text)
      ? argument.text
      : posix.join(posix.dirname(argument.file), argument.text);
    if (isPattern(pattern)) return this.#readMatches(pattern, argument);
    return this.#read(pattern, argument);
  }

  #readMatches(pattern: string, argument: Token): readonly Token[] {
    checkPattern(pattern, argument);
    const paths = this.#glob(pattern, argument);
    if (paths.length === 0) this.#source.warn(`No files matching import glob pattern: ${argument.text}`);
    return paths.flatMap((path) => this.#read(path, argument));
  }

  #glob(pattern: string, argument: Token): readonly string[] {
    try {
      return this.#source.files.glob(pattern);
    } catch (cause) {
      throw importError(argument, `Failed to use import pattern ${argument.text}: ${reason(cause)}`, {
        cause,
      });
    }
  }

  #read(path: string, argument: Token): readonly Token[] {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    try {
      const tokens = tokenize(this.#source.files.read(path), path);
      this.#files.set(path, tokens);
      return tokens;
    } catch (cause) {
      throw importError(argument, unreadable(path, argument, cause), { cause });
    }
  }
}

function isPattern(path: string): boolean {
  return /[*?[\]]/.test(path);
}

/** Patterns that match in more than one place can take very long; CoreDNS refuses them, with this text. */
function checkPattern(pattern: string, argument: Token): void {
  const stars = pattern.split('*').length - 1;
  const questionMarks = pattern.split('?').length - 1;
  const hasSet = pattern.includes('[') && pattern.includes(']');
  if (stars > 1 || questionMarks > 1 || hasSet) {
    throw importError(argument, `Glob pattern may only contain one wildcard (*), but has others: ${pattern}`);
  }
  if (pattern.includes('[')) {
    throw importError(argument, `Failed to use import pattern ${argument.text}: syntax error in pattern`);
  }
}

function unreadable(path: string, argument: Token, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === undefined || code === 'ENOENT' || code === 'ENOTDIR')
    return `File to import not found: ${argument.text}`;
  return `Could not import ${path}: ${code === 'EISDIR' ? 'is a directory' : reason(cause)}`;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function importError(place: Place, message: string, options?: ErrorOptions): CorefileError {
  return parsingError('COREFILE_IMPORT', place, message, options);
}
