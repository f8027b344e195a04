/**
 * A directive's arguments as typed values, for every plugin: how many there are, numbers and durations as Go reads them, and errors of any
 * reader given the place in the file. Which option takes what is the plugin's business.
 */
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/error-message.ts';
import { parseInteger } from '../base/integer.ts';
import type { CorefileError } from './corefile-error.ts';
import type { Cursor } from './cursor.ts';

/** For what has neither arguments nor a block. @throws CorefileError when the line goes on */
export function noArguments(cursor: Cursor): void {
  if (cursor.nextArg()) throw cursor.argError();
}

/** The next word, whatever follows. @throws CorefileError at the end of the line */
export function nextArgument(cursor: Cursor): string {
  if (!cursor.nextArg()) throw cursor.argError();
  return cursor.value;
}

/** The only word of the rest of the line. @throws CorefileError when there is none, or another one */
export function oneArgument(cursor: Cursor): string {
  const [text, ...more] = cursor.remainingArgs();
  if (text === undefined || more.length > 0) throw cursor.argError();
  return text;
}

/** The same, where it may be left out. @throws CorefileError when there are two */
export function optionalArgument(cursor: Cursor): string | undefined {
  const [text, ...more] = cursor.remainingArgs();
  if (more.length > 0) throw cursor.argError();
  return text;
}

/** The rest of the line, at least one word. @throws CorefileError when there is none */
export function someArguments(cursor: Cursor): string[] {
  const args = cursor.remainingArgs();
  if (args.length === 0) throw cursor.argError();
  return args;
}

/** Behind the first occurrence of a directive that may stand in a server block once. @throws RangeError at the second one */
export function onlyOnce(cursor: Cursor): void {
  if (cursor.next()) throw new RangeError('this plugin can only be used once per Server Block');
}

/** The word read last should have been an option's name. */
export const unknownProperty = (cursor: Cursor): CorefileError =>
  cursor.error(`unknown property '${cursor.value}'`);

/** @throws CorefileError with Go's text where `text` is no whole number. */
export const integerArgument = (cursor: Cursor, text: string): number =>
  told(
    cursor,
    () => parseInteger(text),
    (reason) => reason,
  );

/** @returns milliseconds. @throws CorefileError with Go's text where `text` is no duration. */
export const durationArgument = (cursor: Cursor, text: string): number =>
  told(
    cursor,
    () => parseDuration(text),
    (reason) => reason,
  );

/**
 * What `read` gives.
 *
 * @param complain what is to be said when it throws, of what it said
 * @throws CorefileError with that, at the word read last
 */
export function told<Value>(cursor: Cursor, read: () => Value, complain: (reason: string) => string): Value {
  try {
    return read();
  } catch (error) {
    throw cursor.error(complain(messageOf(error)));
  }
}
