/** What is particular to the batching UDP listener; what it shares with the other is in `udp.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { Libc } from '../../src/datagram/libc.ts';
import { readId } from '../../src/wire/header.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { UdpClient } from '../support/udp-client.ts';
import { Answers, addressReply, atOnce, endpointOf, fate } from './harness.ts';
import { libc, listen, oneAnswer, share } from './udp-batch-harness.ts';

const sendAll: Libc['sendmmsg'] = (...args) => libc?.sendmmsg(...args) ?? -1;

/** Answers to `names`, asked from one socket, that were ready in the same turn; and how many messages the system was given. */
async function answerTogether(
  names: readonly string[],
  send: Libc['sendmmsg'],
  calls: Partial<Libc> = {},
): Promise<{ client: UdpClient; ids: number[]; messages: number[] }> {
  const answers = new Answers();
  const messages: number[] = [];
  const sendmmsg: Libc['sendmmsg'] = (fd, vector, count, flags) => {
    messages.push(count);
    return send(fd, vector, count, flags);
  };
  const listener = listen(endpointOf(answers.ask), '127.0.0.1', share({ ...calls, sendmmsg }));
  const client = await UdpClient.open(listener);
  const asked = names.map((name, id) => client.ask(rawQuery({ id, name })));
  await answers.untilAsked(names.length);
  answers.giveAll();
  const questions = (await Promise.all(asked)).map((message) => readReply(message).question);
  expect(questions).toEqual(names.map((name) => `${name} IN A`));
  return { client, ids: client.received.map((message) => readId(message)), messages };
}

describe.skipIf(libc === undefined)('batched UDP (where koffi works)', () => {
  it.each(['127.0.0.2', '127.1.2.3'])(
    'on all addresses answers from the one that was asked: %s',
    async (host) => {
      const listener = listen(endpointOf(atOnce), '0.0.0.0');
      // A connected client hears nobody else.
      expect(await oneAnswer(await UdpClient.open({ host, port: listener.port }))).toHaveLength(1);
    },
  );

  it('on all addresses answers later from the one that was asked', async () => {
    const answers = new Answers();
    const listener = listen(endpointOf(answers.ask), '0.0.0.0');
    const second = await UdpClient.open({ host: '127.0.0.2', port: listener.port });
    const third = await UdpClient.open({ host: '127.0.0.3', port: listener.port });
    const asked = [second.ask(rawQuery({ name: 'b.test.' })), third.ask(rawQuery({ name: 'c.test.' }))];
    await answers.untilAsked(2);
    answers.giveAll();
    expect((await Promise.all(asked)).map((message) => readReply(message).question)).toEqual([
      'b.test. IN A',
      'c.test. IN A',
    ]);
  });

  it('on all IPv6 addresses answers', async () => {
    const listener = listen(endpointOf(atOnce), '::');
    expect(await oneAnswer(await UdpClient.open({ host: '::1', port: listener.port }))).toHaveLength(1);
  });

  it('shares its buffers among sockets without mixing them up', async () => {
    const shared = share();
    const first = listen(
      endpointOf((query) => addressReply(query, 1)),
      '127.0.0.1',
      shared,
    );
    const second = listen(
      endpointOf((query) => addressReply(query, 2)),
      '::1',
      shared,
    );
    const clients = await Promise.all([
      UdpClient.open(first),
      UdpClient.open({ host: '::1', port: second.port }),
    ]);
    const answers = await Promise.all(Array.from({ length: 80 }, (_, id) => oneAnswer(clients[id % 2], id)));
    expect(answers).toEqual(
      Array.from({ length: 80 }, (_, id) => [`a.test. 60 IN A 192.0.2.${(id % 2) + 1}`]),
    );
  });

  it('sends answers of several sockets that are ready in the same turn, each from its own', async () => {
    const answers = new Answers();
    const shared = share();
    const first = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    const second = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    const clients = await Promise.all([UdpClient.open(first), UdpClient.open(second)]);
    const asked = clients.map((client, id) => client.ask(rawQuery({ id, name: `q${id}.test.` })));
    await answers.untilAsked(2);
    answers.giveAll();
    expect((await Promise.all(asked)).map((message) => readReply(message).question)).toEqual([
      'q0.test. IN A',
      'q1.test. IN A',
    ]);
  });

  it('sends the answers that are ready before it is closed at once', async () => {
    const answers = new Answers();
    const listener = listen(endpointOf(answers.ask));
    const client = await UdpClient.open(listener);
    const asked = client.ask(rawQuery({ name: 'a.test.' }));
    await answers.untilAsked(1);
    answers.giveAll();
    // The answer is queued by now, and would leave at the end of this turn.
    await Promise.resolve();
    await listener.close();
    expect(readReply(await asked).answer).toHaveLength(1);
  });

  it('cuts a query that is longer than its buffer, and calls it malformed', async () => {
    const listener = listen(endpointOf(atOnce));
    const client = await UdpClient.open(listener);
    const long = rawQuery({ name: 'a.test.', edns: { options: [[12, Buffer.alloc(4096)]] } });
    expect(readReply(await client.ask(long))).toMatchObject({ rcode: 'FORMERR', question: 'a.test. IN A' });
  });

  it('drops a datagram from port 0: nobody can be answered there', async () => {
    const seen = Promise.withResolvers<undefined>();
    const shared = share({
      recvmmsg(...args) {
        const count = libc?.recvmmsg(...args) ?? -1;
        // As the kernel would have it; no process can send such a datagram without a raw socket.
        if (count > 0) {
          shared.tools.inbox.addresses[0].fill(0, 2, 4);
          setImmediate(() => seen.resolve(undefined));
        }
        return count;
      },
    });
    const answers = new Answers();
    const listener = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    (await UdpClient.open(listener)).send(rawQuery({ name: 'a.test.' }));
    await seen.promise;
    expect(fate(shared.around, 'dropped')).toBe(1);
    expect(answers.asked).toEqual([]);
  });

  it('gives every client its own answer, however often queries had to wait before', async () => {
    const answers = new Answers();
    const listener = listen(endpointOf(answers.ask));
    const clients = await Promise.all([UdpClient.open(listener), UdpClient.open(listener)]);
    for (const round of [0, 1, 2]) {
      const names = [0, 1, 2, 3].map((number) => `r${round}-q${number}.test.`);
      const asked = names.map((name, id) => clients[id % 2].ask(rawQuery({ id, name })));
      await answers.untilAsked(4 * (round + 1));
      answers.giveAll();
      const questions = (await Promise.all(asked)).map((message) => readReply(message).question);
      expect(questions).toEqual(names.map((name) => `${name} IN A`));
    }
  });

  it('counts an answer that the system does not take, and sends those behind it', async () => {
    const EPERM = 1;
    let calls = 0;
    const shared = share({
      sendmmsg: (...args) => (calls++ === 0 ? -1 : (libc?.sendmmsg(...args) ?? -1)),
      errno: () => (calls === 1 ? EPERM : (libc?.errno() ?? 0)),
    });
    const listener = listen(endpointOf(atOnce), '127.0.0.1', shared);
    const unlucky = await UdpClient.open(listener);
    unlucky.send(rawQuery({ id: 1, name: 'lost.test.' }));
    expect(await oneAnswer(await UdpClient.open(listener), 2)).toHaveLength(1);
    expect(shared.around.metrics.value('nodelocaldns_socket_errors_total', 'send')).toBe(1);
    expect(unlucky.received).toEqual([]);
  });

  it('gives the system the answers to one client as one message, the longest first', async () => {
    const names = ['a.test.', 'longer.test.', 'b.test.'];
    const { ids, messages } = await answerTogether(names, sendAll);
    expect(messages).toEqual([2]);
    expect(ids[0]).toBe(1);
    expect(new Set(ids)).toEqual(new Set([0, 1, 2]));
  });

  it('sends answers one by one where the system cannot cut a message into datagrams', async () => {
    const names = ['a.test.', 'b.test.', 'c.test.'];
    const EIO = 5;
    let calls = 0;
    // The first call is that with all three in one message.
    const refuse: Libc['sendmmsg'] = (...args) => (calls++ === 0 ? -1 : sendAll(...args));
    const { ids, messages } = await answerTogether(names, refuse, { errno: () => EIO });
    expect(messages).toEqual([1, 1, 1, 1]);
    expect(ids).toEqual([0, 1, 2]);
  });

  it('counts the answers of a message that the system does not take, and joins the next ones all the same', async () => {
    const EPERM = 1;
    const answers = new Answers();
    const counts: number[] = [];
    const shared = share({
      sendmmsg(fd, vector, count, flags) {
        counts.push(count);
        return counts.length === 1 ? -1 : (libc?.sendmmsg(fd, vector, count, flags) ?? -1);
      },
      errno: () => EPERM,
    });
    const listener = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    const client = await UdpClient.open(listener);
    for (const id of [1, 2]) client.send(rawQuery({ id, name: `lost${id}.test.` }));
    await answers.untilAsked(2);
    answers.giveAll();
    const asked = [3, 4].map((id) => client.ask(rawQuery({ id, name: `q${id}.test.` })));
    await answers.untilAsked(4);
    answers.giveAll();
    await Promise.all(asked);
    expect(counts).toEqual([1, 1]);
    expect(shared.around.metrics.value('nodelocaldns_socket_errors_total', 'send')).toBe(2);
  });

  it('sends every answer by itself where the system knows of no such messages', async () => {
    const answers = new Answers();
    const counts: number[] = [];
    const shared = share({
      setsockopt: (fd, level, ...rest) => (level === 17 ? -1 : (libc?.setsockopt(fd, level, ...rest) ?? -1)),
      sendmmsg(fd, vector, count, flags) {
        counts.push(count);
        return libc?.sendmmsg(fd, vector, count, flags) ?? -1;
      },
    });
    const listener = listen(endpointOf(answers.ask), '127.0.0.1', shared);
    const client = await UdpClient.open(listener);
    const asked = [1, 2].map((id) => client.ask(rawQuery({ id, name: `q${id}.test.` })));
    await answers.untilAsked(2);
    answers.giveAll();
    await Promise.all(asked);
    expect(counts).toEqual([2]);
  });

  it('joins the answers to one client over IPv6, and never those to two', async () => {
    const answers = new Answers();
    const counts: number[] = [];
    const shared = share({
      sendmmsg(fd, vector, count, flags) {
        counts.push(count);
        return libc?.sendmmsg(fd, vector, count, flags) ?? -1;
      },
    });
    const listener = listen(endpointOf(answers.ask), '::1', shared);
    const clients = await Promise.all([1, 2].map(() => UdpClient.open({ host: '::1', port: listener.port })));
    const asked: Promise<Uint8Array>[] = [];
    // What is joined stands side by side, so the queries of the one have to be there before those of the other.
    for (const [index, client] of clients.entries()) {
      for (const id of [2 * index + 1, 2 * index + 2]) {
        asked.push(client.ask(rawQuery({ id, name: `q${id}.test.` })));
      }
      await answers.untilAsked(2 * index + 2);
    }
    answers.giveAll();
    expect((await Promise.all(asked)).map((message) => readReply(message).question)).toEqual(
      [1, 2, 3, 4].map((id) => `q${id}.test. IN A`),
    );
    expect(counts).toEqual([2]);
  });
});
