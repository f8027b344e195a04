/**
 * How V8 is told to hold little memory and yet not to spend its time on collecting. Said by the program itself, so that `node dist/main.js`
 * has it too. The size of the young generation is read once, while V8 starts, and what the C library is told before that; so the process starts
 * itself anew with them, at once, in the same process (`execve`), which takes as long as Node takes to start: about 40 ms. Figures stand in
 * test/bench/NOTES.md.
 */
import { NO_COMPILE_CACHE, trustsCompileCache } from './compile-cache-trust.ts';
import { withSubcommand } from './default-subcommand.ts';

const YOUNG_HALF_FLAG = '--max-semi-space-size';

const ONE_COLLECTOR = '--single-threaded-gc';

/**
 * The most that each half of the young generation may grow to, in MB: V8's own is 16. Misses that wait for their answers have to fit, or they
 * are copied into the old generation and collected there, which cost a third of all time at 1 MB.
 */
const SERVE_YOUNG_HALF = `${YOUNG_HALF_FLAG}=8`;

/**
 * V8's collector threads want a processor each, and take that of the thread which answers where there is no other: beside clients that keep it
 * busy, 99 of 100 cached answers took 13.7 ms, and 3.1 where that thread collects by itself (test/bench/NOTES.md, "Overload"). Where there is
 * another, they are as good for answers and better for memory, since they are sooner through with a collection: what is allocated until then
 * is kept, 15 MB in place of 1 at 70,000 misses a second (NOTES, "Churn").
 */
const serveFlags = (processors: number): readonly string[] =>
  processors > 1 ? [SERVE_YOUNG_HALF] : [SERVE_YOUNG_HALF, ONE_COLLECTOR];

/**
 * What is at least so large has pages of its own from the kernel, which has them back when it is freed (mallopt(3)). glibc begins with this too, but
 * raises it to the largest that was ever freed; then what a start and V8's compilers leave lies in its heaps, up to 2 MB until they are next trimmed.
 */
const SERVE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: String(128 * 1024) };

/**
 * The guard makes little garbage, is never busy, and has to be small: these, and one heap of the C library instead of one for each thread, take
 * some 5 MB of 22 (anonymous memory after a minute). What runs four times a second is not worth two compilers that would make it faster.
 */
const GUARD_FLAGS: readonly string[] = [
  `${YOUNG_HALF_FLAG}=1`,
  '--optimize-for-size',
  '--v8-pool-size=1',
  ONE_COLLECTOR,
  '--no-maglev',
  '--no-opt',
];
const GUARD_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  UV_THREADPOOL_SIZE: '1',
};

const FLAGS: Readonly<Record<string, ((processors: number) => readonly string[]) | undefined>> = {
  serve: serveFlags,
  guard: () => GUARD_FLAGS,
  run: () => GUARD_FLAGS,
};

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
  /** That it may use at a time (`os.availableParallelism`): fewer than there are where it is held to some, or to a share of their time. */
  readonly processors: number;
}

export interface NewStart {
  readonly args: string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** A new start with a small young generation; undefined where it must not be, or was done. */
export function newStart({
  execPath,
  execArgv,
  args,
  env,
  hasChannel,
  processors,
}: Start): NewStart | undefined {
  const [subcommand = ''] = withSubcommand(args.slice(1));
  const flags = Object.hasOwn(FLAGS, subcommand) ? FLAGS[subcommand]?.(processors) : undefined;
  if (isSet(execArgv, env) || hasChannel || flags === undefined) return undefined;
  return {
    args: [execPath, ...flags, ...execArgv, ...args],
    env: { ...(flags === GUARD_FLAGS ? GUARD_ENVIRONMENT : SERVE_ENVIRONMENT), ...env },
  };
}

/** How a guard's process starts `serve`: without what makes itself small, and so that it need not start anew. */
export function serveStart(
  execArgv: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
  processors = availableProcessors(),
): { readonly execArgv: string[]; readonly env: NodeJS.ProcessEnv } {
  // Once: what is there a second time, the user has said.
  const own = new Set(GUARD_FLAGS);
  const given = execArgv.filter((flag) => !own.delete(flag));
  const kept = Object.entries(env).filter(([name, value]) => GUARD_ENVIRONMENT[name] !== value);
  return {
    execArgv: isSet(given, env) ? given : [...serveFlags(processors), ...given],
    env: { ...SERVE_ENVIRONMENT, ...Object.fromEntries(kept) },
  };
}

const isSet = (execArgv: readonly string[], env: Readonly<NodeJS.ProcessEnv>): boolean =>
  [...execArgv, env['NODE_OPTIONS'] ?? ''].some((flag) => /semi[-_]space/.test(flag));

/** Comes back where nothing is to be done, or nothing can be. The new process runs no compiled code that somebody else could have put there. */
export function keepHeapSmall(): void {
  const { execPath, execArgv } = process;
  const env = trustsCompileCache(process.env) ? process.env : { ...process.env, [NO_COMPILE_CACHE]: '1' };
  const start = {
    execPath,
    execArgv,
    args: process.argv.slice(1),
    env,
    hasChannel: process.connected,
    processors: availableProcessors(),
  };
  const next = newStart(start);
  if (next !== undefined && mayExecute(execPath)) process.execve?.(execPath, next.args, { ...next.env });
  process.getBuiltinModule('node:v8').setFlagsFromString(OLD_GROWTH_FLAG);
}

/** How a process with these flags starts the others of `multisocket`, of which there is mostly one for each processor: none is left for helpers. */
export function workerFlags(execArgv: readonly string[]): readonly string[] {
  const isOurs = execArgv.includes(SERVE_YOUNG_HALF) && !execArgv.includes(ONE_COLLECTOR);
  return isOurs ? [ONE_COLLECTOR, ...execArgv] : execArgv;
}

const availableProcessors = (): number => process.getBuiltinModule('node:os').availableParallelism();

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
