/**
 * Behaves as the daemon does towards `startDaemon`, by the words of its Corefile: prints what `print` says, ends where `end CODE` says,
 * and otherwise runs until a signal. Not a test; `daemon.test.ts` starts it.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const [subcommand, flag, corefile = ''] = process.argv.slice(2);

function obey(): void {
  for (const line of readFileSync(corefile, 'utf8').split('\n')) {
    const [word, ...rest] = line.split(' ');
    if (word === 'print') console.log(rest.join(' '));
    if (word === 'complain') console.error(rest.join(' '));
    if (word === 'end') process.exit(Number(rest[0]));
  }
}

if (subcommand === 'serve' && flag === '--conf') {
  process.on('SIGUSR1', obey);
  process.on('SIGTERM', () => process.exit(0));
  // Something to live for.
  setInterval(() => undefined, 60_000);
  console.log(`arguments ${process.argv.slice(5).join(' ')}`);
  console.log(`environment ${process.env['FAKE'] ?? 'none'}`);
  obey();
} else {
  process.stdout.write(`${subcommand}: ${await text(process.stdin)}`);
  process.stderr.write('done');
  process.exitCode = 3;
}
