/**
 * How V8 is told to hold little memory and yet not to spend its time on collecting. Said by the program itself, so that `node dist/main.js`
 * has it too. The size of the young generation is read once, while V8 starts; so the process starts itself anew with it, at once, in the
 * same process (`execve`), which takes as long as Node takes to start: about 40 ms. Figures stand in test/bench/NOTES.md.
 */

/**
 * The most that each half of the young generation may grow to, in MB: V8's own is 16. Misses that wait for their answers have to fit, or they
 * are copied into the old generation and collected there, which cost a third of all time at 1 MB.
 */
const YOUNG_HALF_MB = 8;
const YOUNG_HALF_FLAG = '--max-semi-space-size';

/** The old generation may grow by so much of what lived after one collection before the next; by default up to 300 %. */
const OLD_GROWTH_FLAG = '--heap-growing-percent=200';

/** What a process was started with. */
export interface Start {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Whether a parent talks to it over a channel, which would not outlive a new start. */
  readonly hasChannel: boolean;
}

/** The arguments of a new start with a small young generation; undefined where it must not be, or was done. */
export function newStart({ execPath, execArgv, args, env, hasChannel }: Start): string[] | undefined {
  const isSet = [...execArgv, env['NODE_OPTIONS'] ?? ''].some((flag) => /semi[-_]space/.test(flag));
  if (isSet || hasChannel || args[1] !== 'serve') return undefined;
  return [execPath, `${YOUNG_HALF_FLAG}=${YOUNG_HALF_MB}`, ...execArgv, ...args];
}

/** Comes back where nothing is to be done, or nothing can be. */
export function keepHeapSmall(): void {
  const { execPath, execArgv, env } = process;
  const start = { execPath, execArgv, args: process.argv.slice(1), env, hasChannel: process.connected };
  const args = newStart(start);
  if (args !== undefined && mayExecute(execPath)) process.execve?.(execPath, args, env);
  process.getBuiltinModule('node:v8').setFlagsFromString(OLD_GROWTH_FLAG);
}

/** A new start that fails would end the process. */
function mayExecute(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
