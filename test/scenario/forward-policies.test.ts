/** In which order the upstreams of a `forward` line are asked, by its `policy`; and what a health check asks. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const QUERIES = 60;
/** Of the second word of the header: recursion desired (RFC 1035 section 4.1.1). */
const RD = 0x0100;

async function startUpstream(address: string): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(({ name }) =>
    name === '.' ? reply({ rcode: 'REFUSED' }) : reply({ answers: [`@ 30 IN A ${address}`] }),
  );
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Which of three upstreams answered each of some questions, from 0 on. */
async function answerersBy(policy: string): Promise<number[]> {
  const upstreams = await Promise.all([0, 1, 2].map((i) => startUpstream(`192.0.2.${i}`)));
  const port = await freePort();
  const to = upstreams.map((upstream) => `127.0.0.1:${upstream.port}`).join(' ');
  await startDaemon({ corefile: `.:${port} {\n bind 127.0.0.1\n forward . ${to} {\n ${policy}\n }\n}\n` });
  const client = await UdpClient.open({ port });
  const answerers: number[] = [];
  for (let id = 0; id < QUERIES; id++) {
    const { answer } = readReply(await client.ask(rawQuery({ id, name: `n${id}.test` })));
    answerers.push(Number(answer[0]?.split('.').at(-1)));
  }
  return answerers;
}

const counts = (answerers: readonly number[]): number[] =>
  [0, 1, 2].map((which) => answerers.filter((answerer) => answerer === which).length);

describe('the upstreams of a line', () => {
  it('are asked in rotation with `policy round_robin`', async () => {
    const answerers = await answerersBy('policy round_robin');
    const [first] = answerers;
    expect(answerers).toEqual(answerers.map((_, i) => (first + i) % 3));
  });

  it('are asked in their order with `policy sequential`: the others not at all while the first one answers', async () => {
    expect(counts(await answerersBy('policy sequential'))).toEqual([QUERIES, 0, 0]);
  });

  // That one of three is never chosen happens once in ten thousand million runs; that two rows are in rotation, never.
  it.each([['policy random'], ['']])('are asked at random with `%s`', async (policy) => {
    const answerers = await answerersBy(policy);
    expect(Math.min(...counts(answerers))).toBeGreaterThan(0);
    expect(answerers).not.toEqual(answerers.map((_, i) => (answerers[0] + i) % 3));
  });
});

describe('a health check', () => {
  it.each([
    ['', RD],
    ['no_rec', 0],
  ])(
    'asks for the root’s name servers, with `%s` in its line: recursion desired %i',
    async (words, desired) => {
      const upstream = await startUpstream('192.0.2.1');
      const { port: upstreamPort } = upstream;
      const port = await freePort();
      await startDaemon({
        corefile: `.:${port} {\n bind 127.0.0.1\n forward . 127.0.0.1:${upstreamPort} {\n health_check 50ms ${words}\n }\n}\n`,
      });
      await upstream.close();
      const client = await UdpClient.open({ port });
      expect(readReply(await client.ask(rawQuery({ name: 'a.test' }))).rcode).toBe('SERVFAIL');
      const again = await startScriptedUpstream(() => reply({ rcode: 'REFUSED' }), { port: upstreamPort });
      onTestFinished(() => again.close());
      await eventually(() => again.queries.length > 0);
      const [{ name, type, flags }] = again.queries;
      expect({ name, type, desired: flags & RD }).toEqual({ name: '.', type: 'NS', desired });
    },
  );
});
