/** Looks at the Corefile that are spread in time find a change all the same. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';

it('`reload 2s 1s` takes over a changed Corefile', async () => {
  const [port, added] = await Promise.all([freePort(), freePort()]);
  const corefile = (...keys: readonly string[]): string =>
    `.:${port} ${keys.join(' ')} {\n bind 127.0.0.1\n reload 2s 1s\n whoami\n}\n`;
  const daemon = await startDaemon({ corefile: corefile() });
  const done = daemon.waitForNextLine(/plugin\/reload: Corefile/);
  daemon.reload(corefile(`.:${added}`));
  expect(await done).toBe('[INFO] plugin/reload: Corefile changed, reloading complete');
  const client = await UdpClient.open({ port: added });
  expect(readReply(await client.ask(rawQuery({ name: 'example.org' }))).rcode).toBe('NOERROR');
});
