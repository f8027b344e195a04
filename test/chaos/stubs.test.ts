/** A pod's connection that ends: whether a silence is the daemon's must not hang on what the pod does then. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { rawQuery } from '../support/raw-message.ts';
import { PATIENCE_MS, TcpStub } from './stubs.ts';

it('a question on a connection that has ended is lost at once, not after a silence', async () => {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stub = await TcpStub.open((server.address() as AddressInfo).port, () => undefined);
  if (stub === undefined) throw new Error('it did not open');
  await vi.waitFor(() => expect(stub.usable).toBe(false));
  const askedMs = performance.now();
  expect(await stub.ask(rawQuery({ id: 1, name: 'a.test' }))).toBe('the connection ended');
  expect(await stub.ask(rawQuery({ id: 2, name: 'b.test' }))).toBe('the connection ended');
  expect(performance.now() - askedMs).toBeLessThan(PATIENCE_MS);
});
