/** What a fuzz target throws when something that has to hold does not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws {Violation} with what should have been */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** @throws {Violation} when the two are not the same as text */
export function mustEqual(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Violation(`${what}: found ${shorten(left)}, wanted ${shorten(right)}`);
}

const shorten = (text: string): string => (text.length > 600 ? `${text.slice(0, 600)}…` : text);
