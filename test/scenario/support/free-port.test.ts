import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, isFree } from '../../support/free-port.ts';

describe('a free port', () => {
  it('can be bound by a server, and is none that the kernel gives to clients', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    expect(port).toBeGreaterThan(10_239);
    expect(port).toBeLessThan(32_768);
  });

  it.each(['127.0.0.1', '127.0.0.2', '0.0.0.0'])('is not one with a TCP server on %s', async (address) => {
    const port = await freePort();
    const server = createServer().listen(port, address);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    expect(await isFree(port)).toBe(false);
  });

  it.each(['127.0.0.1', '127.0.0.2', '0.0.0.0'])('is not one with a UDP server on %s', async (address) => {
    const port = await freePort();
    const socket = createSocket('udp4').bind(port, address);
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    expect(await isFree(port)).toBe(false);
  });

  it('is not one with an IPv6 server', async (context) => {
    const port = await freePort();
    const server = createServer();
    const failed = once(server, 'error').then(() => 'failed');
    const listens = once(server.listen(port, '::1'), 'listening').then(() => 'listens');
    const outcome = await Promise.race([failed, listens]);
    context.skip(outcome === 'failed', 'this machine has no ::1');
    onTestFinished(() => void server.close());
    expect(await isFree(port)).toBe(false);
  });
});
