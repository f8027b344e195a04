/** A port as a flag gives it. */

/** @throws RangeError unless `text` is a whole number from 0 to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new RangeError(`expected a port from 0 to 65535, found "${text}"`);
  }
  return port;
}
