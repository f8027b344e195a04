/** A port that one configuration gives up and the next wants again, while the last query on it still waits for its answer. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

it('is taken over as soon as it is free, and the query is answered', async () => {
  const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
  const upstream = await startScriptedUpstream(() =>
    later(asked, reply({ answers: ['@ 30 IN A 192.0.2.1'] })),
  );
  onTestFinished(() => upstream.close());
  const [port, other] = await Promise.all([freePort(), freePort()]);
  const corefile = (ports: readonly number[]): string =>
    ports.map((key) => `.:${key} {\n bind 127.0.0.1\n forward . 127.0.0.1:${upstream.port}\n}\n`).join('');
  const daemon = await startDaemon({ corefile: corefile([port, other]) });
  const client = await UdpClient.open({ port: other });
  const waiting = client.ask(rawQuery({ name: 'slow.test' }));
  await upstream.waitForQueries(1);

  daemon.reload(corefile([port]));
  const gone = daemon.waitForNextLine(/Reloading complete/);
  daemon.signal('SIGUSR1');
  await gone;
  daemon.reload(corefile([port, other]));
  const [begun, back] = [/SIGUSR1: Reloading/, /Reloading complete|Restart failed/].map((line) =>
    daemon.waitForNextLine(line),
  );
  daemon.signal('SIGUSR1');
  await begun;
  answer();
  expect(await back).toContain('Reloading complete');

  expect(readReply(await waiting).answer).toHaveLength(1);
  const again = await UdpClient.open({ port: other });
  expect(readReply(await again.ask(rawQuery({ name: 'again.test' }))).answer).toHaveLength(1);
});
