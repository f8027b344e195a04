/** `serve` starts itself anew with V8's young generation limited: in the same process, with every argument, once. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';

const YOUNG_GENERATION = /semi-space/;

/** What the process runs now: program and arguments. */
const commandOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);

const corefileOn = (port: number): string => `.:${port} {\n    bind 127.0.0.1\n    whoami\n}\n`;

it('keeps its process id and its arguments, and adds one flag of Node', async () => {
  const daemon = await startDaemon({ corefile: corefileOn(await freePort()), args: ['--grace', '1s'] });
  const command = commandOf(daemon.pid);
  expect(command.filter((argument) => YOUNG_GENERATION.test(argument))).toEqual(['--max-semi-space-size=8']);
  expect(command.slice(-5)).toEqual(['serve', '--conf', daemon.corefilePath, '--grace', '1s']);
});

it('leaves the choice to whoever made one', async () => {
  const daemon = await startDaemon({
    corefile: corefileOn(await freePort()),
    env: { NODE_OPTIONS: '--max-semi-space-size=4' },
  });
  expect(commandOf(daemon.pid).filter((argument) => YOUNG_GENERATION.test(argument))).toEqual([]);
});
