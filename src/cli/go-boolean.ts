/** Switches as Go's `flag` package takes their values: `-setupiptables=false`, `=0`, `=T`. A switch without a value is on. */

const VALUES: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

/** @throws RangeError for anything that Go's `strconv.ParseBool` refuses */
export function parseGoBoolean(text: string): boolean {
  const value = VALUES.get(text);
  if (value === undefined) throw new RangeError(`expected true or false, found "${text}"`);
  return value;
}
