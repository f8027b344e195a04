/** A client's TCP connection carries many questions at once, however the octets come, and each answer leaves when it is ready (RFC 7766). */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';

const query = (id: number, name: string): Buffer => framed(rawQuery({ id, name }));
const idsOf = (messages: readonly Uint8Array[]): number[] => messages.map((message) => readReply(message).id);
const ascending = (a: number, b: number): number => a - b;

/** Names that begin with `slow` are answered when `release` is called. */
async function startSlowUpstream(): Promise<{
  upstream: ScriptedUpstream;
  port: number;
  release: () => void;
}> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  const upstream = await startScriptedUpstream(({ name }) =>
    name.startsWith('slow') ? later(promise, answer) : answer,
  );
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  return { upstream, port, release: resolve };
}

it('answers as answers are ready, not in the order of the questions', async () => {
  const { upstream, port, release } = await startSlowUpstream();
  const client = await TcpClient.open({ port });
  client.write(
    Buffer.concat([
      query(1, 'slow-1.example'),
      query(2, 'quick-1.example'),
      query(3, 'slow-2.example'),
      query(4, 'quick-2.example'),
    ]),
  );
  expect(idsOf(await client.waitForMessages(2)).toSorted(ascending)).toEqual([2, 4]);
  release();
  expect(idsOf(await client.waitForMessages(4)).toSorted(ascending)).toEqual([1, 2, 3, 4]);
  expect(client.received.map((message) => readReply(message).answer.length)).toEqual([1, 1, 1, 1]);
  await upstream.close();
});

it('answers a hundred questions of one write', async () => {
  const { upstream, port } = await startSlowUpstream();
  const client = await TcpClient.open({ port });
  const ids = Array.from({ length: 100 }, (_, index) => index);
  client.write(Buffer.concat(ids.map((id) => query(id, `quick-${id % 10}.example`))));
  const messages = await client.waitForMessages(ids.length);
  expect(idsOf(messages).toSorted(ascending)).toEqual(ids);
  expect(upstream.queries).toHaveLength(10);
  await upstream.close();
});

it('reads a question that comes octet by octet', async () => {
  const { upstream, port } = await startSlowUpstream();
  const client = await TcpClient.open({ port });
  await client.writeOctetByOctet(Buffer.concat([query(1, 'quick.example'), query(2, 'quick.example')]));
  expect(idsOf(await client.waitForMessages(2))).toEqual([1, 2]);
  await upstream.close();
});

it('answers a client that has closed its side, then closes its own', async () => {
  const { upstream, port, release } = await startSlowUpstream();
  const client = await TcpClient.open({ port });
  client.write(Buffer.concat([query(1, 'slow.example'), query(2, 'quick.example')]));
  client.closeOurSide();
  expect(idsOf(await client.waitForMessages(1))).toEqual([2]);
  release();
  expect(idsOf(await client.waitForMessages(2))).toEqual([2, 1]);
  await client.ended;
  await upstream.close();
});
