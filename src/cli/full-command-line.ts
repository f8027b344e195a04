/** The command line as yargs reads it: every subcommand, help, and what is said about one that cannot be. */
import yargs from 'yargs';
import { FlagError, normaliseDashes, optionsOf } from './flags.ts';
import type { FlagValues } from './plain-flags.ts';

const EXIT_USAGE = 2;

export interface Subcommands {
  serve(flags: FlagValues): Promise<void>;
  check(files: readonly string[], flags: FlagValues): Promise<void>;
}

/** Runs what was asked for. A command line that cannot be ends the process with exit code 2, and so does a `FlagError`. */
export async function runFullCommandLine(
  args: readonly string[],
  version: string,
  subcommands: Subcommands,
): Promise<void> {
  const parser = yargs(normaliseDashes(args))
    .scriptName('nodelocaldns')
    .usage('$0 <subcommand>\n\nA DNS cache for one Kubernetes node.')
    .parserConfiguration({
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'camel-case-expansion': false,
    })
    .command(
      'serve',
      'answer queries as a Corefile says',
      (command) => command.options(optionsOf('serve', process.env)).strict(),
      async (flags) => subcommands.serve(valuesOf(flags)),
    )
    .command(
      'check [file..]',
      'say whether Corefiles load, and bind nothing',
      (command) =>
        command
          .positional('file', { type: 'string', array: true, describe: 'Corefiles' })
          .options(optionsOf('check', process.env))
          .strict(),
      async (flags) => subcommands.check(texts(flags['file']), valuesOf(flags)),
    )
    .demandCommand(1, 'expected a subcommand: serve or check')
    .strict()
    .version(version)
    .help()
    .wrap(110)
    .fail((message, error, instance) => {
      // yargs gives its own errors beside the message; any other one is a subcommand's, and has no message beside it.
      const isOurs = error instanceof FlagError;
      if (error !== undefined && error.name !== 'YError' && !isOurs) throw error;
      process.stderr.write(`${isOurs ? error.message : message}\n\n`);
      instance.showHelp('error');
      process.exit(EXIT_USAGE);
    });
  await parser.parseAsync();
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
