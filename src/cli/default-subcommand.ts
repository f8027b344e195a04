/**
 * Which subcommand a command line without one means: node-cache has none, and its flags start `run`, so that an image can be replaced by
 * changing its name. Imports nothing: `main.ts` asks before it loads anything.
 */

const LOCALIP = /^--?localip(?:=|$)/;

/** The same arguments, with `run` in front where they are those of node-cache. */
export function withSubcommand(args: readonly string[]): readonly string[] {
  const [first = ''] = args;
  const isNodeCache = first.startsWith('-') && args.some((arg) => LOCALIP.test(arg));
  return isNodeCache ? ['run', ...args] : args;
}
