// A part of Go's text/template, compiled once and run for each reply: texts, `{{ pipeline }}`, `if`, `else if`, `else`,
// `end`, comments and trim marks; fields, calls, parentheses and literals in pipelines. Without loops, variables and nested
// templates, so that a template's work is bounded by its length. What is left out is an error when the template is read,
// and so are unknown fields and functions and wrong numbers of arguments, all of which Go reports only when it runs.

import { messageOf } from '../../base/error-message.ts';
import { FUNCTIONS } from './go-functions.ts';
import type { GoFunction } from './go-functions.ts';
import { parseFormat } from './go-printf.ts';
import { cutTemplate, TemplateSyntaxError } from './go-template-lexer.ts';
import type { Piece, Token } from './go-template-lexer.ts';
import { Words } from './go-template-words.ts';
import { isMap, isTrue, print, typeOf } from './go-value.ts';
import type { Value } from './go-value.ts';

/** Known fields and what each has in it; undefined where that is seen only at run time. */
export type Fields = ReadonlyMap<string, Fields | undefined>;

/** What a template may use. */
export interface Scope {
  readonly fields: Fields;
  /** Methods of the dot: `.Name ARG`. */
  readonly methods: ReadonlyMap<string, GoFunction>;
}

export interface GoTemplate {
  readonly source: string;
  /** The output, where it is always the same: a template without actions. */
  readonly constant: string | undefined;
  /** @throws {RangeError} for a call that fails, such as an index out of range */
  execute(dot: ReadonlyMap<string, Value>): string;
}

type Expression = (dot: Value) => Value;
type Node = (dot: Value) => string;

/** One word of a command, evaluated; `call` where it is a function that wants its arguments. */
interface Operand {
  readonly text: string;
  readonly evaluate: Expression;
  readonly call?: (args: readonly Expression[]) => Expression;
  /** A string literal's value. */
  readonly literal?: string;
}

const REFUSED_KEYWORDS: ReadonlySet<string> = new Set(
  'range with define template block break continue nil'.split(' '),
);

/**
 * @param name stands in errors, as in Go
 * @throws {RangeError} `template: NAME:LINE: …`
 */
export function compileTemplate(name: string, source: string, scope: Scope): GoTemplate {
  try {
    const pieces = cutTemplate(source);
    const constant = pieces.every((piece) => piece.kind === 'text')
      ? pieces.map((piece) => piece.text).join('')
      : undefined;
    const nodes = new Parser(pieces, scope).parse();
    return { source, constant, execute: (dot) => runAll(nodes, dot) };
  } catch (cause) {
    if (!(cause instanceof TemplateSyntaxError)) throw cause;
    throw new RangeError(`template: ${name}:${cause.line}: ${cause.message}`, { cause });
  }
}

class Parser {
  private readonly pieces: readonly Piece[];
  private readonly scope: Scope;
  private at = 0;
  private line = 1;

  constructor(pieces: readonly Piece[], scope: Scope) {
    this.pieces = pieces;
    this.scope = scope;
  }

  parse(): Node[] {
    const { nodes, ended } = this.list();
    if (ended !== undefined) throw this.error(`unexpected {{${ended.keyword}}}`);
    return nodes;
  }

  /** Nodes up to an `else` or `end` of this level, or to the end of the template. */
  private list(): { nodes: Node[]; ended: { keyword: string; words: Words } | undefined } {
    const nodes: Node[] = [];
    while (this.at < this.pieces.length) {
      const piece = this.pieces[this.at++];
      if (piece.kind === 'text') {
        nodes.push(() => piece.text);
        continue;
      }
      this.line = piece.line;
      const words = new Words(piece.tokens);
      const keyword = words.takeIdentifier('if', 'else', 'end');
      if (keyword === 'else' || keyword === 'end') return { nodes, ended: { keyword, words } };
      nodes.push(keyword === 'if' ? this.conditional(words) : this.action(words));
    }
    return { nodes, ended: undefined };
  }

  private action(words: Words): Node {
    const pipeline = this.wholePipeline(words);
    return (dot) => print(pipeline(dot));
  }

  private conditional(words: Words): Node {
    const condition = this.wholePipeline(words);
    const { nodes, ended } = this.list();
    const otherwise = this.alternative(ended);
    return (dot) => (isTrue(condition(dot)) ? runAll(nodes, dot) : runAll(otherwise, dot));
  }

  /** What stands behind the first part of an `if`, up to its `end`. */
  private alternative(ended: { keyword: string; words: Words } | undefined): Node[] {
    if (ended === undefined) throw this.error('unexpected EOF');
    const { keyword, words } = ended;
    if (keyword === 'else' && words.takeIdentifier('if') !== undefined) return [this.conditional(words)];
    if (!words.atEnd) throw this.error(`unexpected ${words.shown} in ${keyword}`);
    if (keyword === 'end') return [];
    const last = this.list();
    if (last.ended === undefined) throw this.error('unexpected EOF');
    if (last.ended.keyword !== 'end' || !last.ended.words.atEnd)
      throw this.error('expected end; found {{else}}');
    return last.nodes;
  }

  private wholePipeline(words: Words): Expression {
    const pipeline = this.pipeline(words);
    if (!words.atEnd) throw this.error(`unexpected ${words.shown} in command`);
    return pipeline;
  }

  private pipeline(words: Words): Expression {
    let value = this.command(words, undefined);
    while (words.take('pipe') !== undefined) value = this.command(words, value);
    return value;
  }

  /** A first operand with its arguments, the value of the command before being the last of them. */
  private command(words: Words, piped: Expression | undefined): Expression {
    const operands: Operand[] = [];
    for (let operand = this.operand(words); operand !== undefined; operand = this.operand(words)) {
      operands.push(operand);
    }
    const [first, ...args] = operands;
    if (first === undefined) throw this.error('missing value for command');
    const expressions = args.map((operand) => this.argument(operand));
    if (piped !== undefined) expressions.push(piped);
    if (first.call !== undefined) {
      if (first.text === 'printf') this.checkFormat(args[0]);
      return first.call(expressions);
    }
    if (expressions.length > 0) throw this.error(`can't give argument to non-function ${first.text}`);
    return first.evaluate;
  }

  /** A function's name among the arguments is a call without arguments. */
  private argument(operand: Operand): Expression {
    return operand.call === undefined ? operand.evaluate : operand.call([]);
  }

  /** One word with the fields that hang on it; undefined where the command ends. */
  private operand(words: Words): Operand | undefined {
    const token = words.takeOperand();
    if (token === undefined) return undefined;
    switch (token.kind) {
      case 'field':
        return this.fields(token, words);
      case 'dot':
        return { text: '.', evaluate: (dot) => dot };
      case 'string':
        return { text: JSON.stringify(token.text), evaluate: () => token.text, literal: token.text };
      case 'number':
        return number(token.text);
      case 'open':
        return this.parenthesis(words);
      default:
        return this.identifier(token.text);
    }
  }

  private identifier(text: string): Operand {
    if (text === 'true' || text === 'false') return { text, evaluate: () => text === 'true' };
    if (REFUSED_KEYWORDS.has(text)) throw this.error(`{{${text}}} is not supported`);
    if (text === 'and' || text === 'or') return this.callable(text, 1, Infinity, shortCircuit(text === 'or'));
    const known = FUNCTIONS.get(text);
    if (known === undefined) throw this.error(`function "${text}" not defined`);
    return this.callable(
      text,
      known.fewest,
      known.most,
      (args) => (dot) => known.call(args.map((arg) => arg(dot))),
    );
  }

  private callable(
    text: string,
    fewest: number,
    most: number,
    bind: (args: readonly Expression[]) => Expression,
  ): Operand {
    const call = (args: readonly Expression[]): Expression => {
      if (args.length >= fewest && args.length <= most) return bind(args);
      const want = fewest === most ? `${fewest}` : `at least ${fewest}`;
      throw this.error(`wrong number of args for ${text}: want ${want} got ${args.length}`);
    };
    return { text, evaluate: () => undefined, call };
  }

  /** A chain of fields that begins at the dot: what is there is known, so a wrong name is found now. */
  private fields(first: Token, words: Words): Operand {
    const names = [first.text, ...words.takeGluedFields()];
    const text = names.map((name) => `.${name}`).join('');
    const method = names.length === 1 ? this.scope.methods.get(first.text) : undefined;
    if (method !== undefined) {
      return this.callable(
        text,
        method.fewest,
        method.most,
        (args) => (dot) => method.call(args.map((arg) => arg(dot))),
      );
    }
    let known: Fields | undefined = this.scope.fields;
    for (const name of names) {
      if (known !== undefined && !known.has(name)) throw this.error(`there is no field ${name} in ${text}`);
      known = known?.get(name);
    }
    return { text, evaluate: (dot) => names.reduce(field, dot) };
  }

  private parenthesis(words: Words): Operand {
    const inner = this.pipeline(words);
    if (words.take('close') === undefined) {
      throw this.error(words.atEnd ? 'unclosed left paren' : `unexpected ${words.shown} in command`);
    }
    const names = words.takeGluedFields();
    return { text: '(…)', evaluate: names.length === 0 ? inner : (dot) => names.reduce(field, inner(dot)) };
  }

  private checkFormat(format: Operand | undefined): void {
    if (format?.literal === undefined) return;
    try {
      parseFormat(format.literal);
    } catch (cause) {
      throw this.error(messageOf(cause));
    }
  }

  private error(message: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.line, message);
  }
}

const runAll = (nodes: readonly Node[], dot: Value): string => nodes.map((node) => node(dot)).join('');

/** `or` ends at the first true value, `and` at the first false one, and that is what they give. */
const shortCircuit =
  (endsAt: boolean) =>
  (args: readonly Expression[]): Expression =>
  (dot) => {
    let value: Value;
    for (const arg of args) {
      value = arg(dot);
      if (isTrue(value) === endsAt) break;
    }
    return value;
  };

function number(text: string): Operand {
  const digits = text.replace(/^[-+]/, '');
  const magnitude = BigInt(/^0\d/.test(digits) ? digits.replace(/^0+(?=\d)/, '0o') : digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  return { text, evaluate: () => value };
}

function field(value: Value, name: string): Value {
  if (isMap(value)) return value.get(name);
  throw new RangeError(`can't evaluate field ${name} in type ${typeOf(value)}`);
}
