/** A block for all addresses and one for a single address of the same port, as Corefiles have them that end in a block without `bind`. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { freePort } from '../support/free-port.ts';
import { requireTools } from '../support/tools.ts';

const { available, reason } = requireTools('dig');

const block = (zone: string, port: number, bind: string, address: string): string =>
  `${zone}:${port} {\n${bind} hosts {\n ${address} host.example\n }\n reload 2s\n}\n`;

async function answers(port: number, address: string): Promise<string[]> {
  const texts = ['+notcp', '+tcp'].map(async (transport) => {
    const { text } = await dig([
      `@${address}`,
      '-p',
      `${port}`,
      'host.example',
      '+short',
      '+tries=1',
      transport,
    ]);
    return text.trim();
  });
  return Promise.all(texts);
}

it.skipIf(!available)(`are both bound, and each answers at its own ${reason}`, async () => {
  const port = await freePort();
  const corefile =
    block('.', port, '', '192.0.2.1') + block('example', port, ' bind 127.0.0.2\n', '192.0.2.2');
  const daemon = await startDaemon({ corefile });
  expect(await answers(port, '127.0.0.1')).toEqual(['192.0.2.1', '192.0.2.1']);
  expect(await answers(port, '127.0.0.2')).toEqual(['192.0.2.2', '192.0.2.2']);

  const second = startDaemon({ corefile });
  await expect(second).rejects.toThrow(/address already in use/);
  expect(await answers(port, '127.0.0.2')).toEqual(['192.0.2.2', '192.0.2.2']);

  daemon.signal('SIGUSR1');
  await daemon.waitForLine(/Reloading complete/);
  expect(await answers(port, '127.0.0.2')).toEqual(['192.0.2.2', '192.0.2.2']);
});
