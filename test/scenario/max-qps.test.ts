/** `max_qps` keeps an upstream below a limit that it enforces by silence: what is too much goes to another one, or is told at once. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const LIMIT = 100;
const COUNT = 200;

async function startUpstream(): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Asks many names at once. */
async function flood(lines: string): Promise<{ replies: RawReply[]; seconds: number }> {
  const port = await freePort();
  await startDaemon({ corefile: `.:${port} {\n bind 127.0.0.1\n ${lines}\n}\n` });
  const client = await UdpClient.open({ port });
  const began = performance.now();
  const replies = await Promise.all(
    Array.from({ length: COUNT }, async (_, i) =>
      readReply(await client.ask(rawQuery({ name: `n${i}.example.`, id: i + 1, edns: {} }))),
    ),
  );
  return { replies, seconds: (performance.now() - began) / 1000 };
}

it('tells clients at once what is too much, and why', async () => {
  const upstream = await startUpstream();
  const { replies, seconds } = await flood(`forward . 127.0.0.1:${upstream.port} {\n max_qps ${LIMIT}\n }`);
  // A tenth of a second's at once, and those of the time that it took.
  expect(upstream.queries.length).toBeGreaterThanOrEqual(LIMIT / 10);
  expect(upstream.queries.length).toBeLessThanOrEqual(LIMIT / 10 + Math.ceil(seconds * LIMIT));
  expect(replies.filter(({ rcode }) => rcode === 'NOERROR')).toHaveLength(upstream.queries.length);
  expect(new Set(replies.map(({ rcode }) => rcode))).toEqual(new Set(['NOERROR', 'SERVFAIL']));
});

it('asks another upstream what is too much for one', async () => {
  const [first, second] = await Promise.all([startUpstream(), startUpstream()]);
  const { replies, seconds } = await flood(
    `forward . 127.0.0.1:${first.port} 127.0.0.1:${second.port} {\n policy sequential\n max_qps ${LIMIT}\n }`,
  );
  const most = LIMIT / 10 + Math.ceil(seconds * LIMIT);
  for (const { queries } of [first, second]) {
    expect(queries.length).toBeGreaterThanOrEqual(LIMIT / 10);
    expect(queries.length).toBeLessThanOrEqual(most);
  }
  const asked = first.queries.length + second.queries.length;
  expect(replies.filter(({ rcode }) => rcode === 'NOERROR')).toHaveLength(asked);
});
