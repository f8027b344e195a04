/** Clients that are kept from a listening socket by the kernel: their SYNs are dropped, and answered when they come again. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import { FIRST_PROBE_PORT, PROBE_PORTS } from '../../src/host/rules.ts';
import { AcceptPause } from '../../src/listen/accept-pause.ts';
import { clientFilter } from '../../src/listen/client-filter.ts';
import { TcpClient } from '../support/tcp-client.ts';

const libc = await loadLibc().catch(() => undefined);
const BACKLOG = 511;
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

async function open(host: string): Promise<{ pause: AcceptPause; port: number; came: () => string[] }> {
  const came: string[] = [];
  const server = createServer((socket) => came.push(socket.remoteAddress ?? ''));
  await new Promise<void>((resolve) => server.listen(0, host, BACKLOG, resolve));
  const pause = libc && AcceptPause.of(server, libc, BACKLOG);
  if (pause === undefined) throw new Error('it cannot pause here');
  onTestFinished(() => {
    pause.close();
    server.close();
  });
  return { pause, port: (server.address() as AddressInfo).port, came: () => came };
}

describe.skipIf(libc === undefined)('a listening socket (where koffi works)', () => {
  it('takes no connections of clients that are kept out, those of others, and all of them afterwards', async () => {
    const { pause, port, came } = await open('127.0.0.1');
    const before = await TcpClient.open({ port, from: '127.0.0.66' });
    pause.keepOut(['127.0.0.77', '127.0.0.66']);
    const kept = [TcpClient.open({ port, from: '127.0.0.66' }), TcpClient.open({ port, from: '127.0.0.77' })];
    for (const from of ['127.0.0.2', '127.0.0.65', '127.0.1.66', '127.0.0.2']) {
      const other = await TcpClient.open({ port, from });
      other.closeOurSide();
    }
    // Whose connection is open keeps it.
    before.closeOurSide();
    await vi.waitFor(() =>
      expect(came()).toEqual(['127.0.0.66', '127.0.0.2', '127.0.0.65', '127.0.1.66', '127.0.0.2']),
    );
    pause.keepOut([]);
    await Promise.all(kept);
    await vi.waitFor(() => expect(came().slice(5).toSorted()).toEqual(['127.0.0.66', '127.0.0.77']));
  });

  it('takes those of the guard, whose probes come from ports of their own, whatever else has their address', async () => {
    const { pause, port, came } = await open('127.0.0.1');
    pause.keepOut(['127.0.0.66']);
    for (const localPort of [FIRST_PROBE_PORT, FIRST_PROBE_PORT + PROBE_PORTS - 1]) {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.66', localPort });
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
    }
    for (const localPort of [FIRST_PROBE_PORT - 1, FIRST_PROBE_PORT + PROBE_PORTS]) {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.66', localPort });
      onTestFinished(() => void socket.destroy());
    }
    // A connection of somebody else is later than theirs would be.
    await TcpClient.open({ port, from: '127.0.0.2' });
    await vi.waitFor(() => expect(came()).toEqual(['127.0.0.66', '127.0.0.66', '127.0.0.2']));
  });

  it.skipIf(!hasIpv6)('does so with IPv6 (where ::1 is)', async () => {
    const { pause, port, came } = await open('::1');
    pause.keepOut(['::1:1', '1::1']);
    await TcpClient.open({ host: '::1', port });
    await vi.waitFor(() => expect(came()).toEqual(['::1']));
    pause.keepOut(['::1:1', '::1']);
    const kept = TcpClient.open({ host: '::1', port });
    // Long enough for any connection on loopback, too short for a SYN to come again.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(came()).toEqual(['::1']);
    pause.keepOut([]);
    await kept;
  });
});

it('leaves out what is no address', () => {
  expect(clientFilter(['', 'fe80::1%eth0'])).toEqual(clientFilter([]));
});
