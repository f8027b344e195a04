/**
 * What happens at an error that nobody caught: the host is given back as far as that is possible, then the process ends with 1. When it is
 * not possible, a fresh process of ours tries: whatever is wrong here, it is not wrong there.
 */
import { spawnSync } from 'node:child_process';
import { messageOf } from '../base/error-message.ts';
import { EXIT_FAILED, leave } from './serve-flags.ts';
import type { Voice } from './serve-flags.ts';

const CLOSE_MS = 3000;
const CLEAN_MS = 10_000;

/** From now on. @param close gives the host back; it is called once, in any state */
export function endBadly(voice: Voice, interfaceName: string, close: () => Promise<void>): void {
  let ending = false;
  const end = (error: unknown): void => {
    if (ending) return;
    ending = true;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    voice.log.error(`bug: ${stack}`);
    void leaveAfterwards(voice, giveBack(interfaceName, close));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

async function leaveAfterwards(voice: Voice, given: Promise<string | undefined>): Promise<never> {
  const how = await given.catch(messageOf);
  if (how !== undefined) voice.log.error(how);
  return leave(voice.ring, EXIT_FAILED);
}

/** @returns what is to be said of it */
async function giveBack(interfaceName: string, close: () => Promise<void>): Promise<string | undefined> {
  const late = new Promise<string>((resolve) => {
    setTimeout(() => resolve(`not within ${CLOSE_MS} ms`), CLOSE_MS);
  });
  const failure = await Promise.race([close().then(() => undefined, messageOf), late]);
  if (failure === undefined) return undefined;
  const args = [
    ...process.execArgv,
    process.argv[1],
    'guard',
    '--once-clean',
    `--interfacename=${interfaceName}`,
  ];
  const { status } = spawnSync(process.execPath, args, { timeout: CLEAN_MS, stdio: 'ignore' });
  const cleaned = status === 0 ? 'cleaned by a fresh process' : 'what is left takes "guard --once-clean"';
  return `the host was not given back (${failure}): ${cleaned}`;
}
