/** The flags of `run` that are serve's too, as the command line of its child. */
import { FLAGS, optionsOf, variableOf } from './flags.ts';
import type { FlagValues } from './plain-flags.ts';

/** `run` writes its own process id. */
const NOT_PASSED: ReadonlySet<string> = new Set(['pidfile']);

const PASSED = FLAGS.filter(
  ({ name, of }) => of.includes('run') && of.includes('serve') && !NOT_PASSED.has(name),
);

/** `serve`, and every flag that it would not come to by itself in this environment. */
export function serveArguments(values: FlagValues, environment: NodeJS.ProcessEnv): string[] {
  const byItself = optionsOf('serve', environment);
  const flags = PASSED.filter(
    ({ name }) => values[name] !== undefined && values[name] !== byItself[name].default,
  );
  return ['serve', ...flags.map(({ name }) => `--${name}=${String(values[name])}`)];
}

/** What `serve` must not take from the environment of `run`. */
export function withoutOwnFlags(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const unwanted = new Set([...NOT_PASSED].map(variableOf));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !unwanted.has(name)));
}
