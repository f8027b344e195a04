/**
 * What the conformance table needs to know of TypeScript's syntax tree: calls and what they are called on, and values that stand in the
 * source as literals. It runs nothing; where a value is only known at run time it says so. The parser is the one that vitest brings.
 */
import { parseAst } from 'vitest/node';

/** A node of the tree (ESTree). Its other fields depend on its type. */
export interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The `const`s of a file's top level, by name. */
export type Constants = ReadonlyMap<string, Node>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** @throws SyntaxError for what is no TypeScript */
export function parse(text: string): Node {
  const program: unknown = parseAst(text, { lang: 'ts' });
  if (!isNode(program)) throw new SyntaxError('the parser gave no syntax tree');
  return program;
}

export const child = (node: Node, field: string): Node | undefined => {
  const value = node[field];
  return isNode(value) ? value : undefined;
};

/** The nodes in a field that is a list; holes in an array are left out. */
export const children = (node: Node, field: string): readonly Node[] => {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
};

/** All nodes directly below this one, in the order of the source. */
export const nodesBelow = (node: Node): readonly Node[] =>
  Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );

export const nameOf = (node: Node | undefined): string | undefined =>
  node?.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;

/** The tree below `as const`, `satisfies T` and brackets, which change no value; names of constants stand for what they are. */
export function valueOf(node: Node | undefined, constants: Constants): Node | undefined {
  let value = node;
  // More steps than anybody writes; a constant that names itself ends here.
  for (let steps = 0; steps < 20 && value !== undefined; steps++) {
    if (/^(?:TSAsExpression|TSSatisfiesExpression|ParenthesizedExpression)$/.test(value.type)) {
      value = child(value, 'expression');
      continue;
    }
    const name = nameOf(value);
    if (name === undefined || !constants.has(name)) return value;
    value = constants.get(name);
  }
  return value;
}

export function constantsOf(program: Node): Constants {
  const constants = new Map<string, Node>();
  for (const statement of children(program, 'body')) {
    for (const declarator of children(statement, 'declarations')) {
      const name = nameOf(child(declarator, 'id'));
      const value = child(declarator, 'init');
      if (name !== undefined && value !== undefined) constants.set(name, value);
    }
  }
  return constants;
}

/** A number, string or boolean that stands in the source; undefined for anything else. */
export function literalOf(node: Node | undefined): string | number | boolean | undefined {
  const value = node?.type === 'Literal' ? node['value'] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

/** What stands behind this name in an object literal. */
export function propertyOf(object: Node | undefined, name: string): Node | undefined {
  if (object?.type !== 'ObjectExpression') return undefined;
  const property = children(object, 'properties').find((each) => {
    const key = child(each, 'key');
    return (nameOf(key) ?? literalOf(key)) === name;
  });
  return property === undefined ? undefined : child(property, 'value');
}
