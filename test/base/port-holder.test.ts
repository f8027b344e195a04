import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { findPortHolder } from '../../src/base/port-holder.ts';

const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function listenTcp(host: string): Promise<number> {
  const server: Server = createServer();
  open.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function bindUdp(host: string): Promise<number> {
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  open.push(socket);
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket.address().port;
}

const OURSELVES = new RegExp(`^\\S.* \\(pid ${process.pid}\\)$`);

describe('the holder of a port', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('is found for TCP on %s', async (host) => {
    expect(findPortHolder('tcp', await listenTcp(host))).toMatch(OURSELVES);
  });

  it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('is found for UDP on %s', async (host) => {
    expect(findPortHolder('udp', await bindUdp(host))).toMatch(OURSELVES);
  });

  it('is not the one of the other protocol, nor of a port that nobody holds', async () => {
    const port = await listenTcp('127.0.0.1');
    expect(findPortHolder('udp', port)).toBeUndefined();
    open.pop()?.close();
    expect(findPortHolder('tcp', port)).toBeUndefined();
  });

  it('is not a client that is connected from it', async () => {
    const child = spawn(process.execPath, ['-e', HOLD_A_CONNECTION], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const { listening, connected } = JSON.parse(String(line));
    expect(findPortHolder('tcp', listening)).toContain(`(pid ${child.pid})`);
    expect(findPortHolder('tcp', connected)).toBeUndefined();
    child.stdin.end();
    await once(child, 'exit');
  });

  it('is named by its program, also when that is Node', async () => {
    const child = spawn(process.execPath, ['-e', HOLD_A_CONNECTION], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    expect(findPortHolder('tcp', JSON.parse(String(line)).listening)).toBe(`node (pid ${child.pid})`);
    child.stdin.end();
    await once(child, 'exit');
  });
});

/** Listens on a port and connects to it, tells both ports, and ends with its standard input. */
const HOLD_A_CONNECTION = `
  const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
    const listening = server.address().port;
    const client = require('node:net').connect(listening, '127.0.0.1', () => {
      console.log(JSON.stringify({ listening, connected: client.localPort }));
    });
  });
  process.stdin.resume().on('end', () => process.exit());
`;
