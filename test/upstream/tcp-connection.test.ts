import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { drop, later, octets, reply, several } from '../support/scripted-upstream.ts';
import { failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import { answerByName, listenRaw, name, perConnection } from './streams.ts';

describe('a connection', () => {
  it('tells answers apart by id, not by order', async () => {
    const first = Promise.withResolvers<void>();
    const server = await serve((query) => {
      if (query.name === 'n1.test.') return later(first.promise, answerByName(query));
      return answerByName(query);
    });
    const { ask } = openUpstream(server);
    await ask(name(9), 'tcp');
    const answers = [ask(name(1), 'tcp'), ask(name(2), 'tcp')] as const;
    expect(lastOctet(await answers[1])).toBe(2);
    first.resolve();
    expect(lastOctet(await answers[0])).toBe(1);
    expect(server.accepted).toBe(1);
  });

  it('puts a reply together from single octets', async () => {
    const server = await serve(answerByName, { tcpPieceOctets: 1 });
    const { ask } = openUpstream(server);
    const answers = await Promise.all([ask(name(1), 'tcp'), ask(name(2), 'tcp')]);
    expect(answers.map((message) => lastOctet(message))).toEqual([1, 2]);
  });

  it('takes the longest reply there is', async () => {
    const text = 'x'.repeat(250);
    const answers = Array.from({ length: 245 }, () => `@ 30 IN TXT ${text}`);
    const server = await serve(() => reply({ answers }));
    const message = await openUpstream(server).ask('long.test', 'tcp');
    expect(message.length).toBeGreaterThan(64_000);
    expect(message.buffer.byteLength).toBe(message.length);
  });

  it('sends length and message in one piece', async () => {
    const first = Promise.withResolvers<Buffer>();
    const address = await listenRaw((socket) => socket.once('data', (chunk: Buffer) => first.resolve(chunk)));
    const answer = failureOf(openUpstream(address).ask('www.example.org', 'tcp', 200));
    const chunk = await first.promise;
    expect(chunk.length).toBe(2 + chunk.readUInt16BE(0));
    await answer;
  });

  it('is closed when nobody used it for a while', async () => {
    const server = await serve(answerByName);
    const { ask } = openUpstream(server, { expireMs: 30 });
    await ask(name(1), 'tcp');
    await server.waitForConnections(0);
    expect(lastOctet(await ask(name(2), 'tcp'))).toBe(2);
    expect(server.accepted).toBe(2);
  });

  it('is kept as long as it is used', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const server = await serve(answerByName);
    const { ask } = openUpstream(server);
    await ask(name(1), 'tcp');
    // Three quarters of the time are the least that it is kept.
    vi.advanceTimersByTime(7_499);
    await ask(name(2), 'tcp');
    vi.advanceTimersByTime(7_499);
    await ask(name(3), 'tcp');
    expect(server.accepted).toBe(1);
    vi.advanceTimersByTime(10_000);
    await server.waitForConnections(0);
  });

  it('is closed at its age though it is used', async () => {
    const server = await serve(answerByName);
    const { ask } = openUpstream(server, { maxAgeMs: 40 });
    const useUntilReplaced = async (): Promise<void> => {
      await ask(name(1), 'tcp');
      if (server.accepted < 3) await useUntilReplaced();
    };
    await useUntilReplaced();
    expect(server.accepted).toBe(3);
  });
});

describe('a question over TCP', () => {
  it('that is not answered in time fails, and its connection takes no more', async () => {
    const server = await serve((query) => (query.name === 'lost.test.' ? drop() : answerByName(query)));
    const { ask } = openUpstream(server);
    await ask(name(1), 'tcp');
    const error = await failureOf(ask('lost.test', 'tcp', 50));
    expect(error.code).toBe('timeout');
    expect(error.message).toMatch(
      new RegExp(`^read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${server.port}: i/o timeout$`),
    );
    expect(lastOctet(await ask(name(2), 'tcp'))).toBe(2);
    expect(server.queries.map(({ connection }) => connection)).toEqual([1, 1, 2]);
    await server.waitForConnections(1);
  });

  it('that is not answered in time leaves the other one on its connection alone', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) =>
      query.name === 'lost.test.' ? drop() : later(gate.promise, answerByName(query)),
    );
    const { ask } = openUpstream(server);
    const lost = failureOf(ask('lost.test', 'tcp', 50));
    const other = ask(name(2), 'tcp');
    expect((await lost).code).toBe('timeout');
    gate.resolve();
    expect(lastOctet(await other)).toBe(2);
    expect(server.accepted).toBe(1);
    await server.waitForConnections(0);
  });

  it('whose answer comes late is not confused with another', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) =>
      query.name === 'n1.test.' ? later(gate.promise, answerByName(query)) : answerByName(query),
    );
    const { ask, metrics } = openUpstream(server);
    const late = failureOf(ask(name(1), 'tcp', 50));
    const hold = Promise.withResolvers<void>();
    server.script = (query) => later(hold.promise, answerByName(query));
    const other = ask(name(2), 'tcp');
    await late;
    gate.resolve();
    hold.resolve();
    expect(lastOctet(await other)).toBe(2);
    expect(metrics.value('nodelocaldns_upstream_mismatched_replies_total', `127.0.0.1:${server.port}`)).toBe(
      0,
    );
  });

  it('waits past messages that answer nothing', async () => {
    const server = await serve((query) =>
      several(
        reply({ id: 'wrong', answers: ['@ 30 IN A 192.0.2.66'] }),
        octets(new Uint8Array(1)),
        answerByName(query),
      ),
    );
    const { ask, metrics } = openUpstream(server);
    expect(lastOctet(await ask(name(1), 'tcp'))).toBe(1);
    expect(metrics.value('nodelocaldns_upstream_mismatched_replies_total', `127.0.0.1:${server.port}`)).toBe(
      2,
    );
  });

  it('leaves a connection on which three messages answered nothing', async () => {
    const forgery = reply({ name: 'other.test', answers: ['@ 30 IN A 192.0.2.66'] });
    const server = await serve((query) =>
      query.connection === 1 ? several(forgery, forgery, forgery) : answerByName(query),
    );
    expect(lastOctet(await openUpstream(server).ask(name(1), 'tcp'))).toBe(1);
    expect(perConnection(server.queries)).toEqual([1, 1]);
  });

  it('fails as invalid when two connections gave nothing but such messages', async () => {
    const forgery = reply({ class: 'CH' });
    const server = await serve(() => several(forgery, forgery, forgery));
    expect((await failureOf(openUpstream(server).ask(name(1), 'tcp'))).code).toBe('invalid');
  });
});
