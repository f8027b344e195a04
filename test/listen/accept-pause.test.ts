/** A listening socket that rests: who comes meanwhile is served afterwards, and nobody is turned away. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import { AcceptPause } from '../../src/listen/accept-pause.ts';
import { ARRIVALS_AT_ONCE } from '../../src/listen/arrivals.ts';
import { requireTools, toolPath } from '../support/tools.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { atOnce, endpointOf } from './harness.ts';
import { answers, ask, listen } from './tcp-harness.ts';

const libc = await loadLibc().catch(() => undefined);
const BACKLOG = 511;

async function open(): Promise<{ server: Server; pause: AcceptPause; client: () => Promise<TcpClient> }> {
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', BACKLOG, resolve));
  const { port } = server.address() as AddressInfo;
  const pause = libc && AcceptPause.of(server, libc, BACKLOG);
  if (pause === undefined) throw new Error('it cannot pause here');
  onTestFinished(() => {
    pause.close();
    server.close();
  });
  return { server, pause, client: () => TcpClient.open({ host: '127.0.0.1', port }) };
}

const SOME = 100;

/** So many connections, one query each. @returns how many were answered */
async function serveSome(client: () => Promise<TcpClient>): Promise<number> {
  const clients = await Promise.all(Array.from({ length: SOME }, client));
  const answered = await Promise.all(clients.map((each) => answers(each)));
  for (const each of clients) each.closeOurSide();
  await Promise.all(clients.map(({ ended }) => ended));
  return answered.filter(Boolean).length;
}

describe.skipIf(libc === undefined)('a listening socket (where koffi works)', () => {
  it('serves those who came while it rested, in the end', async () => {
    const { server, pause, client } = await open();
    const connected = vi.fn();
    server.on('connection', connected);
    for (let round = 1; round <= 3; round++) {
      pause.pause();
      pause.pause();
      const waiting = await client();
      await new Promise((resolve) => setImmediate(resolve));
      expect(connected).toHaveBeenCalledTimes(round - 1);
      pause.resume();
      pause.resume();
      await vi.waitFor(() => expect(connected).toHaveBeenCalledTimes(round));
      waiting.closeOurSide();
    }
  });

  it('is gone when it is closed while it rests', async () => {
    const { pause, client } = await open();
    pause.pause();
    pause.close();
    pause.resume();
    await expect(client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe.skipIf(libc === undefined)('more connections than may come (where koffi works)', () => {
  it('are all served, none is turned away', async () => {
    const { around, client } = await listen(endpointOf(atOnce));
    let served = 0;
    while (served < ARRIVALS_AT_ONCE + SOME) {
      served += await serveSome(client);
    }
    expect(around.metrics.value('nodelocaldns_tcp_connections_rejected_total') ?? 0).toBe(0);
  });

  it('are answered before the listener is closed, also those that it has not taken yet', async () => {
    const { listener, client } = await listen(endpointOf(atOnce));
    for (let count = 0; count < ARRIVALS_AT_ONCE; count += SOME) {
      await serveSome(client);
    }
    const late = await client();
    late.write(ask('late', 7));
    const drained = listener.drain(2_000);
    expect(await late.waitForMessages(1)).toHaveLength(1);
    late.closeOurSide();
    await drained;
  });
});

const { available, reason } = requireTools('ss');

describe.skipIf(libc === undefined || !available)(`a connection ${reason}`, () => {
  it('takes no more of the kernel than 256 KiB each way, unread and unsent', async () => {
    const { client, listener } = await listen(endpointOf(atOnce));
    expect(await answers(await client())).toBe(true);
    const filter = ['sport', '=', `:${listener.port}`];
    const said = execFileSync(toolPath('ss'), ['-tmnH', ...filter], { encoding: 'utf8' });
    const [, receive, send] = /skmem:\(r\d+,rb(\d+),t\d+,tb(\d+)/.exec(said) ?? [];
    expect([Number(receive), Number(send)]).toEqual([256 * 1024, 256 * 1024]);
  });
});
