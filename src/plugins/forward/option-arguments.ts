/** The arguments of an option of `forward`, read and checked, with CoreDNS's messages. Which option takes which is `options.ts`'s. */
import { durationArgument, integerArgument, oneArgument } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { normalizeZone } from '../../corefile/zone-key.ts';
import { nameFromText } from '../../wire/name.ts';
import { rcodeCode } from '../../wire/registry.ts';

export function rcode(text: string, cursor: Cursor): number {
  const code = rcodeCode(text.toUpperCase());
  if (code === undefined) throw cursor.error(`${text} is not a valid rcode`);
  return code;
}

/** @param complaint what is wrong with a negative number */
export function count(cursor: Cursor, complaint: string): number {
  const value = integerArgument(cursor, oneArgument(cursor));
  if (value < 0) throw cursor.error(`${complaint}: ${value}`);
  return value;
}

/** Milliseconds. @param complaint what is wrong with a negative time */
export function span(cursor: Cursor, complaint: string): number {
  const text = oneArgument(cursor);
  const ms = durationArgument(cursor, text);
  if (ms < 0) throw cursor.error(`${complaint}: ${text}`);
  return ms;
}

/** Zones in wire form: a network may be several. */
export function zonesOf(text: string, cursor: Cursor): Uint8Array[] {
  try {
    return normalizeZone(text).map((zone) => nameFromText(zone));
  } catch {
    throw cursor.error(`unable to normalize '${text}'`);
  }
}
