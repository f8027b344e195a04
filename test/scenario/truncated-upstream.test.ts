/** What an upstream cuts over UDP is asked for over TCP before the client hears of it. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { closeConnection, octets, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

const CUT = { truncated: true, answers: ['@ 30 IN A 192.0.2.99'] };
const WHOLE = Array.from({ length: 30 }, (_, index) => `@ 30 IN A 192.0.2.${index + 1}`);
const query = rawQuery({ name: 'example.org.', edns: {} });

async function startResolver(script: Script): Promise<{ upstream: ScriptedUpstream; port: number }> {
  const upstream = await startScriptedUpstream(script);
  onTestFinished(() => upstream.close());
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  return { upstream, port };
}

it.each([
  ['with part of the answer', reply(CUT)],
  ['with nothing but the question', reply({ truncated: true })],
  // Cut in the middle of a record: no sound message, but it says TC.
  ['anywhere', reply({ ...CUT, cutOctets: 2 })],
])('gives the whole answer when it was cut %s, and keeps it', async (_, cut) => {
  const { upstream, port } = await startResolver(({ transport }) =>
    transport === 'udp' ? cut : reply({ answers: WHOLE }),
  );
  const client = await UdpClient.open({ port });
  for (let round = 1; round <= 2; round++) {
    const { flags, answer } = readReply(await client.ask(query));
    expect(flags).not.toContain('tc');
    expect(answer).toHaveLength(WHOLE.length);
  }
  expect(upstream.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
});

it('passes the cut answer on where TCP fails, and keeps nothing of it', async () => {
  const { upstream, port } = await startResolver(({ transport }) =>
    transport === 'udp' ? reply(CUT) : closeConnection(),
  );
  const client = await UdpClient.open({ port });
  expect(readReply(await client.ask(query)).flags).toContain('tc');
  const asked = upstream.queries.length;
  // Over TCP a cut answer is none: the client would ask again, and again.
  const overTcp = await TcpClient.open({ port });
  overTcp.write(framed(query));
  const [answer] = await overTcp.waitForMessages(1);
  expect(readReply(answer)).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
  expect(upstream.queries.length).toBeGreaterThan(asked);
});

it('survives answers of any size', async () => {
  // As many records as a message can hold, each a pointer and 12 octets more: 65,532 octets in all.
  const most = Math.floor((65_535 - 12 - 'example.org.'.length - 1 - 4) / 16);
  const huge = Array.from({ length: most }, (_, index) => `@ 30 IN A 10.0.${index >> 8}.${index & 255}`);
  const { port } = await startResolver((received) => {
    if (received.transport === 'udp') return reply({ truncated: true });
    if (received.name.startsWith('padded.')) {
      // A message in the largest frame there is, most of it behind its last record.
      const message = Buffer.alloc(65_535);
      message.set(replyMessage(received, { answers: WHOLE, opt: false }));
      return octets(message);
    }
    return reply({ answers: huge, opt: false });
  });
  const overUdp = await UdpClient.open({ port });
  const overTcp = await TcpClient.open({ port });
  overTcp.write(framed(query));
  const [whole] = await overTcp.waitForMessages(1);
  expect(readReply(whole)).toMatchObject({ rcode: 'NOERROR', hasOpt: true });
  expect(readReply(whole).answer.length).toBeGreaterThanOrEqual(most - 1);
  const cut = readReply(await overUdp.ask(query));
  expect(cut.flags).toContain('tc');
  expect(cut.octets).toBeLessThanOrEqual(1232);
  const padded = readReply(await overUdp.ask(rawQuery({ name: 'padded.example.org.', edns: {} })));
  expect(['NOERROR', 'SERVFAIL']).toContain(padded.rcode);
  expect(readReply(await overUdp.ask(query)).flags).toContain('tc');
});
