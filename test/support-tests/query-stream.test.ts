import { expect, it, onTestFinished } from 'vitest';
import { drop, later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script } from '../support/scripted-upstream.ts';
import { startQueryStream } from '../support/query-stream.ts';
import type { StreamReport } from '../support/query-stream.ts';
import { rawQuery } from '../support/raw-message.ts';

const QUERIES = 100;

async function ask(script: Script, timeoutMs: number): Promise<StreamReport> {
  const server = await startScriptedUpstream(script);
  onTestFinished(() => server.close());
  const stream = await startQueryStream({
    port: server.port,
    query: (number) => rawQuery({ name: `n${number}.test` }),
    window: 10,
    timeoutMs,
  });
  await stream.settled(QUERIES);
  return stream.stop();
}

it('counts answers by rcode, and every query that has none', async () => {
  const { asked, lost, rcodes } = await ask(({ name }) => {
    if (name === 'n7.test.' || name === 'n42.test.') return drop();
    return reply({ rcode: name === 'n8.test.' ? 'SERVFAIL' : 'NOERROR' });
  }, 1_000);
  expect(asked).toBeGreaterThanOrEqual(QUERIES);
  expect(lost).toEqual([7, 42]);
  expect(rcodes).toEqual({ 0: asked - 3, 2: 1 });
});

it('takes no answer that comes when the time is over', async () => {
  const { lost } = await ask(({ name }) => (name === 'n3.test.' ? later(150, reply()) : reply()), 50);
  expect(lost).toContain(3);
});
