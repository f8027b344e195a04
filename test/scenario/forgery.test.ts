/**
 * What a forger may try beyond single wrong replies (`lying-upstream.test.ts`): guesses at questions that many ask, records about other names
 * in a reply that is right, chains that lead nowhere, replies in pieces, and replies that nobody asked for.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import { later, octets, reply, several, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type {
  ReceivedQuery,
  Script,
  ScriptedUpstream,
  ScriptedUpstreamOptions,
} from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const LIE = { answers: ['@ 30 IN A 203.0.113.66'] };
const TRUTH = reply({ answers: ['@ 30 IN A 192.0.2.1'] });

interface Resolver {
  readonly upstream: ScriptedUpstream;
  readonly ask: (name: string) => Promise<RawReply>;
  readonly mismatches: () => Promise<number>;
}

async function startResolver(
  script: Script,
  options = '',
  upstreamOptions: ScriptedUpstreamOptions = {},
): Promise<Resolver> {
  const upstream = await startScriptedUpstream(script, upstreamOptions);
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      prometheus 127.0.0.1:${metricsPort}
      forward . 127.0.0.1:${upstream.port} {
        max_fails 0
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  return {
    upstream,
    ask: async (name) => readReply(await client.ask(rawQuery({ name, id: ++id }))),
    mismatches: async () => (await scrape(metricsPort)).sum('nodelocaldns_upstream_mismatched_replies_total'),
  };
}

/** A socket that sends from the address of the upstream, but another port. */
function openForger(): Socket {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => void socket.close());
  return socket;
}

describe('many who ask the same at the same time', () => {
  it('are one question upstream, so that a guess is one guess', async () => {
    const gate = Promise.withResolvers<void>();
    const { upstream, ask } = await startResolver(() => later(gate.promise, TRUTH));
    const answers = Array.from({ length: 100 }, (_, i) =>
      ask(i % 2 === 0 ? 'popular.example.' : 'POPULAR.example.'),
    );
    await upstream.waitForQueries(1);
    // Whoever comes now joins too.
    answers.push(ask('popular.example.'));
    await new Promise(setImmediate);
    gate.resolve();
    for (const { answer } of await Promise.all(answers)) expect(answer[0]).toMatch(/ 192\.0\.2\.1$/);
    expect(upstream.queries).toHaveLength(1);
  });

  it('get the truth over TCP when somebody guesses at ids', async () => {
    const guesses = Array.from({ length: 200 }, (_, i) => i * 300);
    const { upstream, ask } = await startResolver(({ transport, id }) =>
      transport === 'tcp'
        ? TRUTH
        : several(...guesses.filter((guess) => guess !== id).map((guess) => reply({ ...LIE, id: guess }))),
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('popular.example.')));
    for (const { answer } of answers) expect(answer).toEqual(['popular.example. 30 IN A 192.0.2.1']);
    expect(upstream.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('are no more exposed by asking many different names', async () => {
    // Each reply of a forger fits one question at most: an answer to one name with the id of another is none.
    const asked: ReceivedQuery[] = [];
    const gate = Promise.withResolvers<void>();
    const { upstream, ask, mismatches } = await startResolver((query) => {
      if (query.transport === 'tcp') return TRUTH;
      asked.push(query);
      const other = asked.find(({ name }) => name !== query.name);
      if (other === undefined) return later(gate.promise, TRUTH);
      gate.resolve();
      return several(reply({ ...LIE, name: other.name }), TRUTH);
    });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`n${i}.example.`)));
    expect(answers.map(({ answer }) => answer)).toEqual(
      answers.map((_, i) => [`n${i}.example. 30 IN A 192.0.2.1`]),
    );
    expect(upstream.queries.length).toBe(20);
    expect(await mismatches()).toBe(19);
  });
});

describe('a reply that is right', () => {
  it('says nothing about other names, whatever records it brings', async () => {
    const { upstream, ask } = await startResolver(({ name }) =>
      name === 'bait.example.'
        ? reply({
            answers: ['@ 30 IN A 192.0.2.7', 'victim.example. 9999 IN A 203.0.113.66'],
            authority: ['example. 9999 IN NS ns.evil.test.', '. 9999 IN NS ns.evil.test.'],
            additional: ['ns.evil.test. 9999 IN A 203.0.113.66', 'victim.example. 9999 IN A 203.0.113.66'],
          })
        : TRUTH,
    );
    expect((await ask('bait.example.')).answer).toContain('bait.example. 30 IN A 192.0.2.7');
    for (const name of ['victim.example.', 'ns.evil.test.', 'other.example.']) {
      expect((await ask(name)).answer).toEqual([`${name} 30 IN A 192.0.2.1`]);
    }
    expect(upstream.queries.map(({ name }) => name)).toEqual([
      'bait.example.',
      'victim.example.',
      'ns.evil.test.',
      'other.example.',
    ]);
  });

  it('may have the question in another case, and the client gets its own', async () => {
    const { ask, mismatches } = await startResolver(() =>
      reply({ name: 'wWw.EXAMPLE.', answers: ['@ 30 IN A 192.0.2.1'] }),
    );
    const { answer, question } = await ask('WwW.example.');
    expect(answer).toHaveLength(1);
    expect(question).toBe('WwW.example. IN A');
    expect(await mismatches()).toBe(0);
  });

  it.each([
    ['leads to itself', ['@ 30 IN CNAME @']],
    ['leads back', ['@ 30 IN CNAME b.example.', 'b.example. 30 IN CNAME a.example.']],
    ['leads nowhere', ['@ 30 IN CNAME gone.example.']],
  ])('and a chain that %s is passed on, and followed by nobody', async (_, answers) => {
    const lines = answers.map((line) => line.replace('CNAME @', 'CNAME a.example.'));
    const { upstream, ask } = await startResolver(({ name }) =>
      name === 'a.example.' ? reply({ answers: lines }) : TRUTH,
    );
    const { rcode, answer } = await ask('a.example.');
    expect(rcode).toBe('NOERROR');
    expect(answer).toEqual(lines.map((line) => line.replace('@', 'a.example.')));
    expect(upstream.queries).toHaveLength(1);
    expect((await ask('b.example.')).answer).toEqual(['b.example. 30 IN A 192.0.2.1']);
  });
});

describe('over TCP', () => {
  it.each([1, 2, 3, 7])(
    'replies in pieces of %i octets are put together, forgeries between them left out',
    async (pieces) => {
      const { ask, mismatches } = await startResolver(
        () => several(reply({ ...LIE, name: 'victim.example.' }), reply({ ...LIE, id: 'wrong' }), TRUTH),
        'force_tcp',
        { tcpPieceOctets: pieces },
      );
      expect((await ask('www.example.')).answer).toEqual(['www.example. 30 IN A 192.0.2.1']);
      expect(await mismatches()).toBe(2);
    },
  );

  it('a frame within a frame is octets, not a reply', async () => {
    const { upstream, ask } = await startResolver((query) => {
      if (query.connection > 1) return TRUTH;
      const lie = Buffer.from(replyMessage(query, LIE));
      // A length that counts the lie and its own frame: the lie stands where a reader that is off by a frame would begin.
      return octets(Buffer.concat([Buffer.of(lie.length >>> 8, lie.length & 0xff), lie]));
    }, 'force_tcp\n read_timeout 300ms');
    expect((await ask('www.example.')).answer).toEqual(['www.example. 30 IN A 192.0.2.1']);
    expect(upstream.queries.length).toBeGreaterThan(1);
  });
});

it('replies that nobody asked for change nothing, from wherever they come', async () => {
  const forger = openForger();
  const ports: number[] = [];
  const { upstream, ask, mismatches } = await startResolver((query) => {
    ports.push(query.clientPort);
    // From the address and port that were asked, too.
    return several(TRUTH, reply({ ...LIE, name: 'victim.example.', id: 'wrong' }));
  });
  await ask('first.example.');
  const unasked = replyMessage(
    { ...upstream.queries[0], name: 'victim.example.', id: 7 },
    { ...LIE, name: 'victim.example.' },
  );
  for (const port of ports) await new Promise((sent) => forger.send(unasked, port, '127.0.0.1', sent));
  expect((await ask('victim.example.')).answer).toEqual(['victim.example. 30 IN A 192.0.2.1']);
  await expect.poll(mismatches).toBeGreaterThan(0);
});
