/** A planned stop loses nothing: clients are served through the lameduck time, and what has been asked by then is answered. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { getPage } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { drop, later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const ANSWER = reply({ answers: ['@ 30 IN A 192.0.2.1'] });
const query = (id: number, name = 'example.org'): Buffer => rawQuery({ id, name });

interface Served {
  readonly daemon: Daemon;
  readonly upstream: ScriptedUpstream;
  readonly port: number;
  /** Of `/health` and `/ready`. */
  readonly pages: number;
}

async function startServing(script: Script, health = '', args: readonly string[] = []): Promise<Served> {
  const upstream = await startScriptedUpstream(script);
  onTestFinished(() => upstream.close());
  const [port, pages] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    args,
    corefile: `.:${port} {
      bind 127.0.0.1
      health 127.0.0.1:${pages} ${health}
      ready 127.0.0.1:${pages}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  return { daemon, upstream, port, pages };
}

const LAMEDUCK = (duration: string): string => `{\n lameduck ${duration}\n }`;

it('goes on answering for the lameduck time, says that it is not ready, and ends with 0', async () => {
  const { daemon, port, pages } = await startServing(() => ANSWER, LAMEDUCK('1s'));
  const early = await TcpClient.open({ port });
  expect(await getPage(pages, '/ready')).toMatchObject({ status: 200, body: 'OK' });
  const goingOn = daemon.waitForLine(/lameduck mode for 1s$/);
  daemon.signal('SIGTERM');
  await goingOn;
  expect(daemon.lines()).toContain('[INFO] SIGTERM: Shutting down servers then terminating');
  const [ready, health, late, client] = await Promise.all([
    getPage(pages, '/ready'),
    getPage(pages, '/health'),
    TcpClient.open({ port }),
    UdpClient.open({ port }),
  ]);
  expect(ready).toMatchObject({ status: 503, body: 'Shutting down' });
  expect(health).toMatchObject({ status: 200, body: 'OK' });
  early.write(framed(query(1)));
  late.write(framed(query(2, 'new.example.org')));
  expect(readReply(await client.ask(query(3)))).toMatchObject({ rcode: 'NOERROR' });
  expect(readReply((await early.waitForMessages(1))[0])).toMatchObject({ id: 1, rcode: 'NOERROR' });
  expect(readReply((await late.waitForMessages(1))[0])).toMatchObject({ id: 2, rcode: 'NOERROR' });
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  // Both were told, by FIN.
  await Promise.all([early.ended, late.ended]);
  expect(await isFree(port)).toBe(true);
});

it('answers what is on its way before it ends, over UDP and TCP', async () => {
  const answered = Promise.withResolvers<void>();
  const { daemon, upstream, port } = await startServing(() => later(answered.promise, ANSWER));
  const [overUdp, overTcp] = await Promise.all([UdpClient.open({ port }), TcpClient.open({ port })]);
  const reply1 = overUdp.ask(query(1, 'one.example.org'));
  overTcp.write(framed(query(2, 'two.example.org')));
  await upstream.waitForQueries(2);
  const stopping = daemon.waitForLine(/SIGTERM: Shutting down/);
  daemon.signal('SIGTERM');
  await stopping;
  answered.resolve();
  expect(readReply(await reply1)).toMatchObject({ id: 1, rcode: 'NOERROR' });
  expect(readReply((await overTcp.waitForMessages(1))[0])).toMatchObject({ id: 2, rcode: 'NOERROR' });
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});

it.each(['auto', 'dgram'])(
  'answers what waits in its sockets when the signal comes, with --udp=%s',
  async (udp) => {
    const { daemon, port } = await startServing(() => ANSWER, '', ['--udp', udp]);
    const clients = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open({ port })));
    await clients[0].ask(query(0));
    daemon.signal('SIGSTOP');
    const replies = clients.flatMap((client) =>
      Array.from({ length: 50 }, (_, index) => client.ask(query(index))),
    );
    // The kernel takes these connections for it.
    const connections = await Promise.all(Array.from({ length: 10 }, () => TcpClient.open({ port })));
    for (const connection of connections) connection.write(framed(query(1)));
    daemon.signal('SIGTERM');
    daemon.signal('SIGCONT');
    for (const connection of connections) expect(await connection.waitForMessages(1)).toHaveLength(1);
    const rcodes = (await Promise.all(replies)).map((message) => readReply(message).rcode);
    expect(rcodes).toHaveLength(200);
    expect(new Set(rcodes)).toEqual(new Set(['NOERROR']));
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  },
);

it('waits no longer than it was told for an answer that does not come', async () => {
  const { daemon, upstream, port } = await startServing(() => drop(), '', ['-grace', '200ms']);
  const client = await UdpClient.open({ port });
  client.send(query(1));
  await upstream.waitForQueries(1);
  const beganMs = performance.now();
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  const tookMs = performance.now() - beganMs;
  expect(tookMs).toBeGreaterThanOrEqual(200);
  expect(tookMs).toBeLessThan(2_000);
});

it('ends at once with 2 by a second SIGINT', async () => {
  const { daemon } = await startServing(() => ANSWER, LAMEDUCK('1h'));
  const goingOn = daemon.waitForLine(/lameduck/);
  daemon.signal('SIGINT');
  await goingOn;
  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 2, signal: null });
  expect(daemon.lines().slice(-3)).toEqual([
    '[INFO] SIGINT: Shutting down servers then terminating',
    '[INFO] plugin/health: Going into lameduck mode for 3600s',
    '[INFO] SIGINT: Force quit',
  ]);
});

it('ends without lameduck by SIGQUIT', async () => {
  const { daemon } = await startServing(() => ANSWER, LAMEDUCK('1h'));
  daemon.signal('SIGQUIT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});
