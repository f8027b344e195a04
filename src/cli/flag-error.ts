/** What is said of a flag whose value cannot be: the process ends with exit code 2. */
import { messageOf } from '../base/error-message.ts';

/** A flag has a value that it cannot have. */
export class FlagError extends Error {}

/** @throws FlagError with the flag's name when `read` throws */
export function readFlag<Value>(name: string, text: string, read: (text: string) => Value): Value {
  try {
    return read(text);
  } catch (error) {
    throw new FlagError(`--${name}: ${messageOf(error)}`, { cause: error });
  }
}
