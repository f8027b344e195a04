/** Numbers and durations among a directive's arguments: read as Go reads them, their errors given the place in the file. */
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/error-message.ts';
import { parseInteger } from '../base/integer.ts';
import type { Cursor } from './cursor.ts';

/** @throws CorefileError with Go's text where `text` is no whole number. */
export const integerArgument = (cursor: Cursor, text: string): number =>
  placed(cursor, () => parseInteger(text));

/** @returns milliseconds. @throws CorefileError with Go's text where `text` is no duration. */
export const durationArgument = (cursor: Cursor, text: string): number =>
  placed(cursor, () => parseDuration(text));

function placed<Value>(cursor: Cursor, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw cursor.error(messageOf(error));
  }
}
