// Cuts a template into the texts that stay and the words of the actions between `{{` and `}}`. It knows the marks that take
// white space away (`{{-`, `-}}`) and comments, and nothing of what the words mean.

/**
 * A word of an action. `glued`: nothing stands between it and the word before, which makes `.A.B` one operand and `.A .B`
 * two.
 */
export interface Token {
  readonly kind: 'field' | 'dot' | 'identifier' | 'string' | 'number' | 'pipe' | 'open' | 'close';
  /** A field without its dot, a string without quotes and escapes, the digits of a number. */
  readonly text: string;
  readonly glued: boolean;
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly line: number; readonly tokens: readonly Token[] };

/** A template that cannot be read; `line` counts from 1. */
export class TemplateSyntaxError extends RangeError {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const COMMENT = /\/\*[^]*?\*\//y;
const SPACE = /[ \t\r\n]+/y;
const TRIM_LEFT = /-[ \t\r\n]/y;
const END = /([ \t\r\n]-)?\}\}/y;
const WORDS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['field', /\.([\p{L}_][\p{L}\p{Nd}_]*)/uy],
  ['number', /([-+]?(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+))(?![\p{L}\p{Nd}_.])/uy],
  ['dot', /(\.)(?!\d)/y],
  ['identifier', /([\p{L}_][\p{L}\p{Nd}_]*)/uy],
  ['string', /"((?:[^"\\\n]|\\[^\n])*)"/y],
  ['string', /(`[^`]*`)/y],
  ['pipe', /(\|)/y],
  ['open', /(\()/y],
  ['close', /(\))/y],
];
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([^]))/g;

/** @throws {TemplateSyntaxError} for an action that does not end, or a character that begins no word */
export function cutTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  let trim = false;
  for (;;) {
    const start = template.indexOf('{{', offset);
    let text = template.slice(offset, start === -1 ? template.length : start);
    if (trim) text = text.replace(/^[ \t\r\n]+/, '');
    if (start === -1) return withText(pieces, text);
    const action = new ActionLexer(template, start + 2);
    if (action.trimsLeft) text = trimEnd(text);
    withText(pieces, text);
    const tokens = action.read();
    if (tokens !== undefined) pieces.push({ kind: 'action', line: action.line, tokens });
    offset = action.offset;
    trim = action.trimsRight;
  }
}

/** A pattern for this would look at every run of blanks in the text; only the last counts. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text[end - 1])) end--;
  return text.slice(0, end);
}

function withText(pieces: Piece[], text: string): Piece[] {
  if (text !== '') pieces.push({ kind: 'text', text });
  return pieces;
}

class ActionLexer {
  offset: number;
  readonly line: number;
  readonly trimsLeft: boolean;
  trimsRight = false;
  private readonly template: string;

  constructor(template: string, offset: number) {
    this.template = template;
    this.offset = offset;
    this.line = template.slice(0, offset).split('\n').length;
    // The blank behind the dash is part of the mark.
    this.trimsLeft = this.take(TRIM_LEFT) !== undefined;
  }

  /** The words up to the end of the action; undefined for a comment. */
  read(): Token[] | undefined {
    if (this.template.startsWith('/*', this.offset)) {
      this.readComment();
      return undefined;
    }
    const tokens: Token[] = [];
    let glued = false;
    while (!this.takeEnd()) {
      if (this.take(SPACE) !== undefined) {
        glued = false;
        continue;
      }
      tokens.push(this.readWord(glued));
      glued = true;
    }
    return tokens;
  }

  private readComment(): void {
    if (this.take(COMMENT) === undefined) throw this.error('unclosed comment');
    if (!this.takeEnd()) throw this.error('comment ends before closing delimiter');
  }

  private takeEnd(): boolean {
    const end = this.take(END);
    this.trimsRight = end?.[1] !== undefined;
    return end !== undefined;
  }

  private readWord(glued: boolean): Token {
    if (this.offset >= this.template.length) throw this.error('unclosed action');
    for (const [kind, pattern] of WORDS) {
      const match = this.take(pattern);
      if (match !== undefined)
        return { kind, text: kind === 'string' ? this.unquote(match[1]) : match[1], glued };
    }
    const character = String.fromCodePoint(this.template.codePointAt(this.offset) ?? 0);
    if (character === '"' || character === '`') throw this.error('unterminated quoted string');
    if (character === '$') throw this.error('variables are not supported');
    if (/[\d.+-]/.test(character)) throw this.error('only whole numbers are supported');
    throw this.error(`unexpected ${JSON.stringify(character)} in action`);
  }

  private unquote(text: string): string {
    if (text.startsWith('`')) return text.slice(1, -1);
    return text.replace(ESCAPE, (escape, hex, short, long, octal, simple) => {
      const code = Number.parseInt(hex ?? short ?? long ?? octal ?? '', octal === undefined ? 16 : 8);
      const character = Number.isNaN(code) ? SIMPLE_ESCAPES[simple] : codePoint(code);
      if (character === undefined) throw this.error(`the escape ${escape} is not supported`);
      return character;
    });
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.offset;
    const match = pattern.exec(this.template);
    if (match === null) return undefined;
    this.offset = pattern.lastIndex;
    return match;
  }

  private error(message: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.line, message);
  }
}

const codePoint = (code: number): string | undefined =>
  code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
