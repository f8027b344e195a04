/** The warnings of `check` in the log of `serve`, for whoever did not run it. Loaded when a configuration has begun to serve. */
import { messageOf } from '../base/error-message.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { explain } from '../explain/explanation.ts';
import { warningText } from '../explain/warning.ts';
import { warningsOf } from '../explain/warnings.ts';
import type { Log } from '../observe/log-types.ts';
import type { Generation } from '../serve/generation.ts';
import { ownAddresses } from './own-addresses.ts';

/**
 * Says what is wrong and was not said of the configuration before. Never throws: this is no reason not to serve.
 *
 * @param localAddresses that are intercepted
 * @param told what the last call gave
 * @returns what is wrong now
 */
export function tellWarnings(
  sources: readonly ServerBlock[],
  generation: Generation,
  localAddresses: readonly string[],
  told: ReadonlySet<string>,
  log: Log,
): ReadonlySet<string> {
  try {
    const warnings = warningsOf(explain(sources, generation), ownAddresses(localAddresses)).map(warningText);
    for (const warning of warnings) if (!told.has(warning)) log.warn(warning);
    return new Set(warnings);
  } catch (error) {
    log.error(`the Corefile was not looked at for warnings: ${messageOf(error)}`);
    return told;
  }
}
