/** The command line as yargs reads it: every subcommand, help, and what is said about one that cannot be. */
import yargs from 'yargs';
import { endProcess } from './end-process.ts';
import { FlagError } from './flag-error.ts';
import { optionsOf } from './flags.ts';
import { normaliseFlags } from './normalise-flags.ts';
import type { FlagValues } from './plain-flags.ts';

const EXIT_USAGE = 2;

/** One daemon each, and `check`. */
export interface Subcommands {
  run(flags: FlagValues): Promise<void>;
  guard(flags: FlagValues): Promise<void>;
  serve(flags: FlagValues): Promise<void>;
  check(files: readonly string[], flags: FlagValues): Promise<void>;
}

const DAEMONS = [
  ['run', 'guard and serve, for one container or unit; node-cache’s flags alone start this too'],
  ['guard', 'let queries reach the cache as long as it proves that it answers'],
  ['serve', 'answer queries as a Corefile says'],
] as const;

/** Runs what was asked for. A command line that cannot be ends the process with exit code 2, and so does a `FlagError`. */
export async function runFullCommandLine(
  args: readonly string[],
  version: string,
  subcommands: Subcommands,
): Promise<void> {
  const parser = makeParser(version);
  let normal: string[];
  try {
    normal = normaliseFlags(args);
    // Before yargs has a say: what the environment gives wrongly would stop it halfway.
    addSubcommands(parser, subcommands);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return refuse(error.message, parser);
  }
  await parser.parseAsync(normal);
}

type Parser = ReturnType<typeof yargs>;

function makeParser(version: string): Parser {
  return yargs()
    .scriptName('nodelocaldns')
    .usage('$0 <subcommand>\n\nA DNS cache for one Kubernetes node.')
    .parserConfiguration({
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'camel-case-expansion': false,
    })
    .demandCommand(1, 'expected a subcommand: run, guard, serve or check')
    .strict()
    .version(version)
    .help()
    .wrap(110)
    .fail((message, error, instance) => {
      // yargs gives its own errors beside the message; any other one is a subcommand's, and has no message beside it.
      const isOurs = error instanceof FlagError;
      if (error !== undefined && error.name !== 'YError' && !isOurs) throw error;
      refuse(isOurs ? error.message : message, instance);
    });
}

function addSubcommands(parser: Parser, subcommands: Subcommands): void {
  for (const [name, describe] of DAEMONS) {
    const options = optionsOf(name, process.env);
    parser.command(
      name,
      describe,
      (command) => command.options(options).strict(),
      async (flags) => subcommands[name](valuesOf(flags)),
    );
  }
  const options = optionsOf('check', process.env);
  parser.command(
    'check [file..]',
    'say whether Corefiles load, and bind nothing',
    (command) =>
      command
        .positional('file', { type: 'string', array: true, describe: 'Corefiles' })
        .options(options)
        .strict(),
    async (flags) => subcommands.check(texts(flags['file']), valuesOf(flags)),
  );
}

function refuse(message: string, instance: { showHelp(level: 'error'): unknown }): never {
  process.stderr.write(`${message}\n\n`);
  instance.showHelp('error');
  endProcess(EXIT_USAGE);
}

/** Of a flag that was repeated the last counts. */
function valuesOf(flags: Readonly<Record<string, unknown>>): FlagValues {
  const values = Object.entries(flags).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.at(-1) : value,
  ]);
  return Object.fromEntries(values) as FlagValues;
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
