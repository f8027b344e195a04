import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { requireFreePort } from '../../src/cli/require-free-port.ts';

async function takenPort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  onTestFinished(() => void socket.close());
  await once(socket, 'listening');
  return socket.address().port;
}

it('names the address that is taken', async () => {
  const port = await takenPort('127.0.0.1');
  await expect(requireFreePort(['127.0.0.2', '127.0.0.1'], port)).rejects.toThrow(
    new RegExp(`^udp 127\\.0\\.0\\.1 port ${port}: address already in use`),
  );
});

it('waits for one who is just going', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  setTimeout(() => socket.close(), 100);
  await expect(requireFreePort(['127.0.0.1'], port)).resolves.toBeUndefined();
});

it.each([
  ['another address of this host', '127.0.0.2'],
  ['an address that this host has not', '192.0.2.1'],
])('says nothing of %s', async (_name, address) => {
  const port = await takenPort('127.0.0.1');
  await expect(requireFreePort([address], port)).resolves.toBeUndefined();
});

it('leaves the port free', async () => {
  const port = await takenPort('127.0.0.1');
  await requireFreePort(['127.0.0.2'], port);
  await expect(requireFreePort(['127.0.0.2'], port)).resolves.toBeUndefined();
});
