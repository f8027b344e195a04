// The values that templates work with, and how Go prints and compares them. Go has many number types; a template here has
// whole numbers only. An entry that a map does not have is `undefined`, and prints as Go's `<no value>`.

export type Value = string | bigint | boolean | undefined | readonly Value[] | ReadonlyMap<string, Value>;

/** The type's name, as errors give it. */
export function typeOf(value: Value): string {
  if (value === undefined) return 'nil';
  if (value instanceof Map) return 'map';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'bigint' ? 'int' : typeof value === 'boolean' ? 'bool' : typeof value;
}

export const isMap = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map;
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** What `if` takes for true: everything but false, 0, nothing and what is empty. */
export function isTrue(value: Value): boolean {
  if (isMap(value)) return value.size > 0;
  if (isList(value)) return value.length > 0;
  return Boolean(value);
}

/** As the verb `%v` prints it. */
export function print(value: Value): string {
  if (value === undefined) return '<no value>';
  if (isList(value)) return `[${value.map(print).join(' ')}]`;
  if (!isMap(value)) return String(value);
  const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${print(item)}`).join(' ')}]`;
}

/**
 * @returns negative, 0 or positive
 * @throws {RangeError} when the two cannot be compared
 */
export function compare(a: Value, b: Value): number {
  const comparable = typeof a === typeof b && (typeof a === 'string' || typeof a === 'bigint');
  if (!comparable || a === undefined || b === undefined) throw incomparable(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws {RangeError} when the two cannot be compared */
export function equal(a: Value, b: Value): boolean {
  const comparable = a === undefined || b === undefined || typeof a === typeof b;
  if (!comparable || isMap(a) || isList(a) || isMap(b) || isList(b)) throw incomparable(a, b);
  return a === b;
}

const incomparable = (a: Value, b: Value): RangeError =>
  new RangeError(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
