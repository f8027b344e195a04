/**
 * The titles of the tests in a file, read from its source: nothing is run. A title of `it.each` is given once for each row, where the rows
 * stand in the source, and once as it is written. What only a run would tell is a gap, which any text fills.
 */
import { fillTitle, titleOf } from './title.ts';
import type { Title } from './title.ts';
import {
  child,
  children,
  constantsOf,
  literalOf,
  nameOf,
  nodesBelow,
  parse,
  propertyOf,
  valueOf,
} from './syntax.ts';
import type { Constants, Node } from './syntax.ts';

/** One test, or one row of a table of tests. */
export interface FoundTest {
  /** From the outermost `describe` to the test itself. */
  readonly path: readonly Title[];
  /** The same as it stands in the source, placeholders included. */
  readonly written: readonly Title[];
  /** Never runs, whatever the machine: `skip`, `todo`, or a condition that is a literal. */
  readonly skipped: boolean;
}

interface Call {
  readonly suite: boolean;
  readonly skipped: boolean;
  /** The table of `each` or `for`. */
  readonly table: Node | undefined;
}

interface Place {
  readonly path: readonly Title[];
  readonly written: readonly Title[];
  readonly skipped: boolean;
}

const SUITES: ReadonlySet<string> = new Set(['describe', 'suite']);
const TESTS: ReadonlySet<string> = new Set(['it', 'test']);
/** These take an argument of their own before the title comes, in a second pair of brackets. */
const CURRIED: ReadonlySet<string> = new Set(['each', 'for', 'skipIf', 'runIf']);

/** @throws SyntaxError for what is no TypeScript */
export function testsIn(text: string): readonly FoundTest[] {
  const program = parse(text);
  return testsBelow(program, { path: [], written: [], skipped: false }, constantsOf(program));
}

function testsBelow(node: Node, place: Place, constants: Constants): readonly FoundTest[] {
  const call = readCall(node, constants);
  if (call === undefined) return nodesBelow(node).flatMap((below) => testsBelow(below, place, constants));
  const [title, ...rest] = children(node, 'arguments');
  const written = titleOf(title, constants);
  const skipped = place.skipped || call.skipped || skipsItself(call, rest);
  const rows = call.table === undefined ? [undefined] : rowsOf(call.table, constants);
  return rows.flatMap((row) => {
    const own = call.table === undefined ? written : fillTitle(written, row, constants);
    const here = { path: [...place.path, own], written: [...place.written, written], skipped };
    if (!call.suite) return [here];
    return rest.flatMap((body) => testsBelow(body, here, withParameters(constants, body, row)));
  });
}

/** The call of a test or suite, whatever modifiers stand on it; undefined for other nodes. */
function readCall(node: Node, constants: Constants): Call | undefined {
  if (node.type !== 'CallExpression' || children(node, 'arguments').length === 0) return undefined;
  let callee = child(node, 'callee');
  let argument: Node | undefined;
  let called = false;
  let skipped = false;
  let table: Node | undefined;
  for (;;) {
    const base = nameOf(callee);
    if (base !== undefined) {
      if (called || !(SUITES.has(base) || TESTS.has(base))) return undefined;
      return { suite: SUITES.has(base), skipped, table };
    }
    if (callee?.type === 'CallExpression') {
      [argument] = children(callee, 'arguments');
      called = true;
      callee = child(callee, 'callee');
      continue;
    }
    const modifier = callee?.type === 'MemberExpression' ? nameOf(child(callee, 'property')) : undefined;
    if (callee === undefined || modifier === undefined || CURRIED.has(modifier) !== called) return undefined;
    if (modifier === 'each' || modifier === 'for') table = argument;
    skipped ||= neverRuns(modifier, literalOf(valueOf(argument, constants)));
    called = false;
    callee = child(callee, 'object');
  }
}

const neverRuns = (modifier: string, condition: unknown): boolean =>
  modifier === 'skip' ||
  modifier === 'todo' ||
  // Such a test passes when what it says does not hold.
  modifier === 'fails' ||
  (modifier === 'skipIf' && condition === true) ||
  (modifier === 'runIf' && condition === false);

/** The names that a suite's function has for the values of its row, as far as the source tells them. */
function withParameters(constants: Constants, body: Node, row: Node | undefined): Constants {
  const value = valueOf(row, constants);
  if (value === undefined) return constants;
  const bound = new Map(constants);
  const positional = value.type === 'ArrayExpression' ? children(value, 'elements') : [value];
  for (const [index, parameter] of children(body, 'params').entries()) {
    const argument = positional[index];
    const name = nameOf(parameter);
    if (name !== undefined && argument !== undefined) bound.set(name, argument);
    if (parameter.type !== 'ObjectPattern') continue;
    for (const property of children(parameter, 'properties')) {
      const key = nameOf(child(property, 'key'));
      const field = key === undefined ? undefined : propertyOf(valueOf(argument, constants), key);
      const local = nameOf(child(property, 'value'));
      if (local !== undefined && field !== undefined) bound.set(local, field);
    }
  }
  return bound;
}

/** By its options, for want of a body, or as the first thing that the body does. */
function skipsItself({ suite }: Call, behindTitle: readonly Node[]): boolean {
  if (behindTitle.length === 0) return true;
  return behindTitle.some((argument) => {
    if (literalOf(propertyOf(argument, 'skip')) === true || literalOf(propertyOf(argument, 'todo')) === true)
      return true;
    const body = child(argument, 'body');
    return !suite && body?.type === 'BlockStatement' && children(body, 'body').some(isSkipStatement);
  });
}

/** `context.skip()` that stands under no condition. */
function isSkipStatement(statement: Node): boolean {
  const call = statement.type === 'ExpressionStatement' ? child(statement, 'expression') : undefined;
  const callee = call?.type === 'CallExpression' ? child(call, 'callee') : undefined;
  if (call === undefined || callee?.type !== 'MemberExpression') return false;
  const [condition] = children(call, 'arguments');
  const always =
    condition === undefined || literalOf(condition) === true || typeof literalOf(condition) === 'string';
  return nameOf(child(callee, 'property')) === 'skip' && always;
}

/** The rows of a table that stands in the source; one row of which nothing is known for any other. */
function rowsOf(table: Node, constants: Constants): readonly (Node | undefined)[] {
  const value = valueOf(table, constants);
  if (value?.type !== 'ArrayExpression') return [undefined];
  return children(value, 'elements').flatMap((element): readonly (Node | undefined)[] => {
    const row = valueOf(element, constants);
    if (row?.type !== 'SpreadElement') return [row];
    const spread = valueOf(child(row, 'argument'), constants);
    return spread?.type === 'ArrayExpression' ? children(spread, 'elements') : [undefined];
  });
}
