/** Signals that must not end the daemon do not: SIGHUP at any time, and SIGUSR1, which Node takes for a wish to debug, from the first moment. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startChild } from '../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { rawQuery } from '../support/raw-message.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const corefileOn = (port: number): string => `.:${port} {\n  bind 127.0.0.1\n  whoami\n}\n`;

it('does nothing by SIGHUP', async () => {
  const port = await freePort();
  const daemon = await startDaemon({ corefile: corefileOn(port) });
  const said = [...daemon.lines()];
  daemon.signal('SIGHUP');
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'example.org' }));
  const reloaded = daemon.waitForLine(/Reloading complete/);
  daemon.signal('SIGUSR1');
  await reloaded;
  expect(daemon.lines().slice(said.length)).toEqual([
    '[INFO] SIGUSR1: Reloading',
    '[INFO] Reloading complete',
  ]);
});

/** Where a process is when a signal comes so long after it was started: in Node's own start, in ours, or serving. */
const AFTER_MS = [5, 15, 25, 35, 50, 70, 90, 110, 130, 150, 170, 190];

it('does not listen for debuggers, however early SIGUSR1 comes', async () => {
  for (const afterMs of AFTER_MS) {
    const [port, debuggerPort] = await Promise.all([freePort(), freePort()]);
    const child = startChild({
      command: [
        process.execPath,
        `--inspect-port=${debuggerPort}`,
        'src/main.ts',
        'serve',
        '--conf',
        tempFile(corefileOn(port)),
      ],
      cwd: REPOSITORY_ROOT,
    });
    await delay(afterMs);
    child.signal('SIGUSR1');
    const serves = await child.waitForLine(READY_PATTERN).then(
      () => true,
      () => false,
    );
    if (!serves) {
      // Before Node has its own handlers, the signal ends it as it ends any program.
      expect(await child.ended).toEqual({ code: null, signal: 'SIGUSR1' });
      continue;
    }
    await eventually(() => isFree(debuggerPort));
    const client = await UdpClient.open({ port });
    await client.ask(rawQuery({ name: 'example.org' }));
    await child.stop();
    // A reload that was asked for before there was anything to reload comes after the start.
    expect(child.lines().filter((line) => line.startsWith('[ERROR]'))).toEqual([]);
  }
});

it('ends by SIGTERM, however early it comes', async () => {
  for (const afterMs of AFTER_MS) {
    const child = startChild({
      command: [process.execPath, 'src/main.ts', 'serve', '--conf', tempFile(corefileOn(await freePort()))],
      cwd: REPOSITORY_ROOT,
    });
    await delay(afterMs);
    child.signal('SIGTERM');
    const { code, signal } = await child.ended;
    expect(signal ?? code).toBe(signal === null ? 0 : 'SIGTERM');
  }
});
