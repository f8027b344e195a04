/** TCP connections live as long as the Corefile says. Times are seconds, the shortest that can be configured. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';

async function startWith(options: string): Promise<number> {
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      timeouts {
        ${options}
      }
      whoami
    }
`,
  });
  return port;
}

const query = (id: number): Buffer => framed(rawQuery({ id, name: 'example.org' }));

/** From now until the connection has ended, in milliseconds. */
async function lifeOf(client: TcpClient): Promise<number> {
  const startMs = performance.now();
  await client.ended;
  return performance.now() - startMs;
}

it('a query that does not end ends with `read`', async () => {
  const client = await TcpClient.open({ port: await startWith('read 1') });
  client.write(query(1).subarray(0, 5));
  const ms = await lifeOf(client);
  expect(ms).toBeGreaterThan(500);
  expect(ms).toBeLessThan(2_500);
});

it('a connection without queries ends with `idle`', async () => {
  const client = await TcpClient.open({ port: await startWith('idle 1s') });
  client.write(query(1));
  await client.waitForMessages(1);
  const ms = await lifeOf(client);
  expect(ms).toBeGreaterThan(500);
  expect(ms).toBeLessThan(4_000);
});

it('a connection ends after `maxtcpqueries`', async () => {
  const client = await TcpClient.open({ port: await startWith('maxtcpqueries 2') });
  client.write(Buffer.concat([query(1), query(2), query(3)]));
  await client.ended;
  expect(client.received.map((message) => readReply(message).id)).toEqual([1, 2]);
});
