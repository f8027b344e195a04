/** Who asks for a page and takes for ever about it is disconnected, and keeps nobody else from the pages meanwhile. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { getPage } from '../support/page.ts';

const PAUSE_MS = 100;
/** In octets that come one by one, it would take many times as long as a request may. */
const REQUEST = `GET /metrics HTTP/1.1\r\nHost: a\r\nX-Padding: ${'x'.repeat(3_000)}\r\n\r\n`;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.writable && at < text.length) socket.write(text.charAt(at++));
  }, PAUSE_MS);
  onTestFinished(() => clearInterval(timer));
}

it('ends the connections of slow clients, and answers others', async () => {
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {\n bind 127.0.0.1\n prometheus 127.0.0.1:${metrics}\n whoami\n}\n`,
  });
  const silent = await open(metrics);
  const slow = await open(metrics);
  drip(slow, REQUEST);
  const stuck = await open(metrics);
  // The announced body never comes.
  stuck.write('POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
  const ends = Promise.all([silent, slow, stuck].map((socket) => once(socket, 'close')));
  expect((await getPage(metrics, '/metrics')).status).toBe(200);
  await ends;
  expect((await getPage(metrics, '/metrics')).status).toBe(200);
});
