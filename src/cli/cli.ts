/**
 * The command line: which subcommand, with which flags. Exit codes: 0 done, 1 could not do it, 2 was called wrongly.
 */
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { parseDuration } from '../base/duration.ts';
import type { UdpMode } from '../listen/udp.ts';
import { FlagError, normaliseDashes, optionsOf, readFlag } from './flags.ts';
import { parsePort } from './port.ts';
import type { SignalQueue } from './signals.ts';

const EXIT_USAGE = 2;

export async function main(args: readonly string[], signals: SignalQueue): Promise<void> {
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
      async (flags) => {
        const { serve } = await import('./serve.ts');
        await serve(
          {
            conf: text(flags['conf']),
            dnsPort: readFlag('dns.port', text(flags['dns.port']) ?? '', parsePort),
            logFormat: text(flags['log-format']) === 'json' ? 'json' : 'text',
            udp: udpMode(text(flags['udp'])),
            debug: isOn(flags['debug']),
            quiet: isOn(flags['quiet']),
            pidfile: text(flags['pidfile']),
            graceMs: readFlag('grace', text(flags['grace']) ?? '', parseDuration),
            version: version(),
          },
          signals,
        );
      },
    )
    .command(
      'check [file..]',
      'say whether Corefiles load, and bind nothing',
      (command) =>
        command
          .positional('file', { type: 'string', array: true, describe: 'Corefiles' })
          .options(optionsOf('check', process.env))
          .strict(),
      async (flags) => {
        leaveAtOnce(signals);
        const { check } = await import('./check.ts');
        process.exitCode = check(texts(flags['file']), {
          json: isOn(flags['json']),
          dnsPort: readFlag('dns.port', text(flags['dns.port']) ?? '', parsePort),
        });
      },
    )
    .demandCommand(1, 'expected a subcommand: serve or check')
    .strict()
    .version(version())
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

const udpMode = (value: string | undefined): UdpMode =>
  value === 'batch' || value === 'dgram' ? value : 'auto';

function text(value: unknown): string | undefined {
  const given = last(value);
  return typeof given === 'string' ? given : undefined;
}

const isOn = (value: unknown): boolean => last(value) === true;

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Of a flag that was repeated the last counts. */
const last = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value);

/** For subcommands that hold nothing that would have to be given back. */
function leaveAtOnce(signals: SignalQueue): void {
  signals.handle((signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGQUIT') process.exit(1);
  });
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
