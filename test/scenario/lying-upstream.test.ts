/**
 * Only the answer to the question asked counts (RFC 5452 section 9.1): single forgeries in front of it, one row for each thing that is
 * looked at, change nothing but a counter, and are never kept. What can be forged beyond that is in `forgery.test.ts`.
 */
import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { octets, reply, several } from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction } from '../support/scripted-upstream.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import { LIE, TRUTH, startDeceived, truthAbout } from './support/forged-upstream.ts';

/** What the upstream sends in front of the truth; each name gets its own. */
const LIES: Readonly<Record<string, ScriptedAction>> = {
  'with another id': reply({ ...LIE, id: 'wrong' }),
  'to another name': reply({ ...LIE, name: 'victim.example.' }),
  'to a name above it': reply({ ...LIE, name: 'example.' }),
  'to a name below it': {
    kind: 'send',
    octets: (query) => replyMessage(query, { ...LIE, name: `www.${query.name}` }),
  },
  'to another type': reply({ ...LIE, type: 'AAAA' }),
  'of another class': reply({ ...LIE, class: 'CH' }),
  'that is a query': reply({ ...LIE, response: false }),
  'with another opcode': reply({ ...LIE, opcode: 5 }),
  'with no question': reply({ ...LIE, questionCount: 0 }),
  'with two questions': reply({ ...LIE, questionCount: 2 }),
  'that is the query itself': { kind: 'send', octets: (query) => query.message },
  'that is cut short': reply({ ...LIE, cutOctets: 3 }),
  'that counts more records than it has': reply({ ...LIE, extraAnswerCount: 1 }),
  'that is no message': octets(Buffer.from('no message')),
};
const names = new Map(Object.keys(LIES).map((lie, index) => [`lie-${index}.example.`, lie]));

describe.each([
  ['UDP', ''],
  ['TCP', 'force_tcp'],
])('over %s', (transport, options) => {
  it('ignores a forgery and waits for the answer', async () => {
    const { upstream, ask, mismatches } = await startDeceived(({ name }) => {
      const lie = LIES[names.get(name) ?? ''];
      return lie === undefined ? TRUTH : several(lie, TRUTH);
    }, options);
    for (const [name, lie] of names) {
      expect(await ask(name), lie).toMatchObject({ rcode: 'NOERROR', answer: truthAbout(name) });
      // Out of the cache, in which there is nothing else.
      const before = upstream.queries.length;
      expect((await ask(name)).answer, lie).toEqual([expect.stringMatching(/ IN A 192\.0\.2\.1$/)]);
      expect(upstream.queries, lie).toHaveLength(before);
    }
    expect(await mismatches()).toBeGreaterThanOrEqual(names.size);
    const asked = new Set(upstream.queries.map(({ name }) => name));
    expect([...asked]).toEqual([...names.keys()]);
    // Over TCP whoever sent it is no stranger: after three lies the connection is given up, and its question asked again on another.
    if (transport === 'UDP') expect(upstream.queries).toHaveLength(names.size);
    expect(new Set(upstream.queries.map((query) => query.transport.toUpperCase()))).toEqual(
      new Set([transport]),
    );
    // What was said of another name is not known of it.
    expect((await ask('victim.example.')).answer).toEqual(['victim.example. 30 IN A 192.0.2.1']);
    expect(upstream.queries.at(-1)).toMatchObject({ name: 'victim.example.' });
  });
});

it('does not hear what comes from another port or another address', async () => {
  const forgers = ['127.0.0.1', '127.0.0.2'].map((address) => {
    const socket = createSocket('udp4').bind(0, address);
    onTestFinished(() => void socket.close());
    return socket;
  });
  const forge = async (query: ReceivedQuery): Promise<void> => {
    const message = replyMessage(query, LIE);
    for (const forger of forgers) {
      await new Promise((sent) => forger.send(message, query.clientPort, '127.0.0.1', sent));
    }
  };
  const { upstream, ask, mismatches } = await startDeceived(
    (query) => ({ kind: 'later', when: forge(query), action: TRUTH }),
    '',
  );
  expect((await ask('example.org.')).answer).toEqual(['example.org. 30 IN A 192.0.2.1']);
  expect(upstream.queries).toMatchObject([{ transport: 'udp' }]);
  expect(await mismatches()).toBe(0);
});

it('turns to TCP when too much does not fit', async () => {
  const lie = reply({ ...LIE, id: 'wrong' });
  const { upstream, ask, mismatches } = await startDeceived(
    ({ transport }) => (transport === 'udp' ? several(lie, lie, lie, lie, reply(LIE)) : TRUTH),
    '',
  );
  expect((await ask('example.org.')).answer).toEqual(['example.org. 30 IN A 192.0.2.1']);
  expect(upstream.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  expect(await mismatches()).toBeGreaterThanOrEqual(3);
});
