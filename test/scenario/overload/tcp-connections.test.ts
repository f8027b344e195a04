/** One client opens ten thousand TCP connections: it keeps nobody else from connecting, nor those from being answered who are connected. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { MAX_CONNECTIONS } from '../../../src/listen/tcp.ts';
import { startDaemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { scrape } from '../../support/page.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { TcpClient, framed } from '../../support/tcp-client.ts';

const CONNECTIONS = 10_000;
/** Opened in one turn of this process's event loop: to find a port for one takes a millisecond, and answers are read in between. */
const AT_ONCE = 50;
const FLOODER = '127.0.0.66';

const ask = framed(rawQuery({ name: 'example.org' }));

/** Whether the next query on this connection is answered. */
async function answers(client: TcpClient): Promise<boolean> {
  const count = client.received.length;
  client.write(ask);
  const messages = await client.waitForMessages(count + 1);
  return readReply(messages[count] ?? new Uint8Array(0)).rcode === 'NOERROR';
}

it('ten thousand connections of one client keep no other from connecting', { timeout: 60_000 }, async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {\n bind 127.0.0.1\n prometheus 127.0.0.1:${metricsPort}\n cache\n forward . 127.0.0.1:${upstream.port}\n}\n`,
  });
  const early = await TcpClient.open({ port, from: '127.0.0.2' });
  expect(await answers(early)).toBe(true);

  const flood: Socket[] = [];
  onTestFinished(() => {
    for (const socket of flood) socket.destroy();
  });
  let opened = 0;
  let closed = 0;
  const openMore = (): void => {
    for (let count = 0; count < AT_ONCE; count++) {
      const socket = connect({ host: '127.0.0.1', port, localAddress: FLOODER }, () => opened++);
      socket.on('error', () => undefined);
      socket.on('close', () => closed++);
      flood.push(socket);
    }
    if (flood.length < CONNECTIONS) setImmediate(openMore);
  };
  openMore();
  // While they come, and when all have come.
  for (const from of ['127.0.0.3', '127.0.0.4']) {
    const late = await TcpClient.open({ port, from });
    expect(await answers(late)).toBe(true);
    // Asked all the while: one that is idle for long is closed, flood or not.
    await eventually(async () => {
      expect(await answers(early)).toBe(true);
      return opened + closed >= CONNECTIONS;
    });
  }
  const metrics = await scrape(metricsPort);
  expect(metrics.sum('nodelocaldns_tcp_connections')).toBeLessThanOrEqual(MAX_CONNECTIONS);
  expect(metrics.sum('nodelocaldns_tcp_connections_rejected_total')).toBeGreaterThan(0);
});
