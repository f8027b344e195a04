/**
 * What a forger may try whose single replies all look right to somebody (wrong ones are `lying-upstream.test.ts`): guesses at questions that
 * many ask or that are asked again, records about other names in a reply that is right, chains that lead nowhere, replies in pieces, and
 * replies that nobody asked for.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RawReply } from '../support/raw-message.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import { drop, later, octets, reply, several } from '../support/scripted-upstream.ts';
import type { ReceivedQuery } from '../support/scripted-upstream.ts';
import { LIE, TRUTH, startDeceived, truthAbout } from './support/forged-upstream.ts';
import type { Deceived } from './support/forged-upstream.ts';

/** A socket that sends from the address of the upstream, but another port. */
function openForger(): Socket {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => void socket.close());
  return socket;
}

describe('many who ask the same at the same time', () => {
  it('are one question upstream, so that a guess is one guess', async () => {
    const gate = Promise.withResolvers<void>();
    const { upstream, ask } = await startDeceived(() => later(gate.promise, TRUTH));
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
    const { upstream, ask } = await startDeceived(({ transport, id }) =>
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
    const { upstream, ask, mismatches } = await startDeceived((query) => {
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

/** So slow that each of them has a port of its own: one that is shared with the victim would show that the victim's leads somewhere. */
const BETWEEN_OTHERS_MS = 20;

/** Asks for victim.example., and for others until the victim was asked for a second time: for an upstream that is silent to all it is not. */
async function askTwice({ upstream, ask }: Deceived): Promise<{ answer: Promise<RawReply> }> {
  const answer = ask('victim.example.');
  const isAskedTwice = (): boolean =>
    upstream.queries.filter(({ name }) => name === 'victim.example.').length === 2;
  for (let i = 0; !isAskedTwice(); i++) {
    await ask(`n${i}.example.`);
    await delay(BETWEEN_OTHERS_MS);
  }
  return { answer };
}

describe('a question that is asked again from another port since the first one is silent', () => {
  it('takes no answer with the id that it has at the other port', async () => {
    const asked: ReceivedQuery[] = [];
    const deceived = await startDeceived((query) => {
      if (query.name !== 'victim.example.') return TRUTH;
      asked.push(query);
      const [first] = asked;
      if (first === query) return drop();
      return several(reply({ ...LIE, id: first.id === query.id ? 'wrong' : first.id }), TRUTH);
    });
    const { answer } = await askTwice(deceived);
    expect((await answer).answer).toEqual(truthAbout('victim.example.'));
    expect(await deceived.mismatches()).toBe(1);
    expect(new Set(asked.map(({ clientPort }) => clientPort)).size).toBe(2);
  });

  it('takes one answer, and what comes later at the other port changes nothing', async () => {
    const gate = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const asked: ReceivedQuery[] = [];
    const deceived = await startDeceived((query) => {
      if (query.name !== 'victim.example.') return TRUTH;
      asked.push(query);
      return query === asked[0] ? later(gate.promise, TRUTH) : later(told.promise, reply(LIE));
    });
    const { answer } = await askTwice(deceived);
    gate.resolve();
    expect((await answer).answer).toEqual(truthAbout('victim.example.'));
    told.resolve();
    // What is asked and answered after it has been read after it.
    await deceived.ask('last.example.');
    expect((await deceived.ask('victim.example.')).answer).toEqual([expect.stringMatching(/ 192\.0\.2\.1$/)]);
    expect(asked).toHaveLength(2);
  });
});

describe('a reply that is right', () => {
  it('says nothing about other names, whatever records it brings', async () => {
    const { upstream, ask } = await startDeceived(({ name }) =>
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
    const { ask, mismatches } = await startDeceived(() =>
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
    const { upstream, ask } = await startDeceived(({ name }) =>
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
      const { ask, mismatches } = await startDeceived(
        () => several(reply({ ...LIE, name: 'victim.example.' }), reply({ ...LIE, id: 'wrong' }), TRUTH),
        'force_tcp',
        { tcpPieceOctets: pieces },
      );
      expect((await ask('www.example.')).answer).toEqual(['www.example. 30 IN A 192.0.2.1']);
      expect(await mismatches()).toBe(2);
    },
  );

  it('a frame within a frame is octets, not a reply', async () => {
    const { upstream, ask } = await startDeceived((query) => {
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
  const { upstream, ask, mismatches } = await startDeceived((query) => {
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
