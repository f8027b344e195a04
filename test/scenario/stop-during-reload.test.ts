/** A stop that comes in the middle of reloads: neither waits for the other for ever. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';

it.each([1, 2, 5])('a stop in the middle of reloads ends the process: %i', async (reloads) => {
  const [port, other, health] = await Promise.all([freePort(), freePort(), freePort()]);
  const corefile = (ports: readonly number[]): string =>
    ports
      .map((key) => `.:${key} {\n bind 127.0.0.1\n health 127.0.0.1:${health}\n cache\n whoami\n}\n`)
      .join('');
  const daemon = await startDaemon({ corefile: corefile([port]) });
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'a.test.' }));
  for (let reload = 0; reload < reloads; reload++) {
    daemon.reload(corefile(reload % 2 === 0 ? [port, other] : [port]));
    daemon.signal('SIGUSR1');
  }
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.lines().filter((line) => line.startsWith('[ERROR]'))).toEqual([]);
});
