import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dialer } from '../../../src/plugins/dnstap/dial.ts';
import type { Endpoint } from '../../../src/plugins/dnstap/options.ts';
import { selfSigned } from '../../support/self-signed.ts';

/** What a server gets to read of somebody who dials and says "hello"; or how that failed. */
async function hello(endpoint: Endpoint, skipVerify = false): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = dialer({ endpoint, skipVerify })(() => socket.end('hello'));
  onTestFinished(() => void socket.destroy());
  socket.on('error', (error) => resolve(`error: ${error.message}`));
  socket.on('data', (octets) => resolve(octets.toString()));
  return promise;
}

/** Says back what it hears. */
async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a reader’s socket', () => {
  it('is dialled over TCP, by address or by name', async () => {
    const port = await serve(createServer((socket) => socket.pipe(socket)));
    expect(await hello({ kind: 'tcp', host: '127.0.0.1', port })).toBe('hello');
    expect(await hello({ kind: 'tcp', host: 'localhost', port })).toBe('hello');
  });

  it('is dialled over TLS, where its certificate counts, unless it is told not to', async () => {
    const server = createTlsServer(selfSigned('127.0.0.1'), (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    const port = await serve(server);
    const endpoint = { kind: 'tls', host: '127.0.0.1', port } as const;
    expect(await hello(endpoint)).toMatch(/^error: self-signed certificate/);
    expect(await hello(endpoint, true)).toBe('hello');
  });
});
