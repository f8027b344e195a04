import { describe, expect, it, vi } from 'vitest';
import type { TcpPool } from '../../src/upstream/tcp-pool.ts';
import { tcpConnector } from '../../src/upstream/tcp.ts';
import type { StreamConnector } from '../../src/upstream/tcp.ts';
import { closeConnection, drop, later, reply, resetConnection } from '../support/scripted-upstream.ts';
import type { ScriptedAction } from '../support/scripted-upstream.ts';
import { failureOf, lastOctet, openUpstream, pendingFor, serve } from './open-upstream.ts';
import { answerByName, name, openPool, perConnection } from './streams.ts';

const askOf = (pool: TcpPool, text: string): Promise<Uint8Array> => {
  const { query, reply: answer } = pendingFor(text);
  pool.ask(query);
  return answer;
};

describe('when a connection ends with questions on it', () => {
  it.each<[string, ScriptedAction]>([
    ['closed', closeConnection()],
    ['reset', resetConnection()],
  ])('by being %s, they are asked once more on another', async (_how, end) => {
    const server = await serve((query) => {
      if (query.connection > 1) return answerByName(query);
      return query.name === 'n2.test.' ? end : drop();
    });
    const { ask, metrics } = openUpstream(server);
    const answers = await Promise.all([ask(name(1), 'tcp'), ask(name(2), 'tcp')]);
    expect(answers.map((message) => lastOctet(message))).toEqual([1, 2]);
    expect(perConnection(server.queries)).toEqual([2, 2]);
    expect(
      metrics.observed(
        'coredns_proxy_request_duration_seconds',
        'forward',
        `127.0.0.1:${server.port}`,
        'NOERROR',
      ),
    ).toHaveLength(2);
  });

  it('the other one was opened since', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) => {
      if (query.name === 'last.test.') return query.connection > 3 ? reply() : resetConnection();
      return later(gate.promise, answerByName(query));
    });
    const { ask } = openUpstream(server);
    const answers = [1, 2, 3, 4, 5, 6].map((number) => ask(name(number), 'tcp'));
    await server.waitForQueries(6);
    gate.resolve();
    await Promise.all(answers);
    expect(server.connections).toBe(3);
    await ask('last.test', 'tcp');
    const asked = server.queries.filter((query) => query.name === 'last.test.');
    expect(asked.map(({ connection }) => connection > 3)).toEqual([false, true]);
  });

  it('no older one takes them, though it has room sooner', async () => {
    const server = await serve(() => drop());
    const third = Promise.withResolvers<void>();
    const plain = tcpConnector(server.host, server.port, undefined);
    let opened = 0;
    const connector: StreamConnector = {
      ...plain,
      open: (ready) => plain.open(() => (++opened < 3 ? ready() : void third.promise.then(ready))),
    };
    const pool = openPool(connector);
    const gate = Promise.withResolvers<void>();
    server.script = (query) => {
      if (query.name === 'lost.test.') return query.connection < 3 ? resetConnection() : answerByName(query);
      return later(gate.promise, answerByName(query));
    };
    const busy = [1, 2, 3].map((number) => askOf(pool, name(number)));
    await server.waitForQueries(3);
    const lost = askOf(pool, 'lost.test');
    await vi.waitFor(() => expect(opened).toBe(3));
    gate.resolve();
    // The connection that stayed has room from now on.
    await Promise.all(busy.slice(0, 2));
    third.resolve();
    await Promise.all([lost, ...busy]);
    const asked = server.queries.filter((query) => query.name === 'lost.test.');
    expect(asked.map(({ connection }) => connection)).toEqual([expect.any(Number), 3]);
  });

  it('and the second one ends too, they fail', async () => {
    const server = await serve(() => closeConnection());
    const { ask } = openUpstream(server);
    const error = await failureOf(ask('www.example.org', 'tcp'));
    expect(error.code).toBe('reset');
    expect(error.message).toMatch(
      new RegExp(`^read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${server.port}: EOF$`),
    );
    expect(server.queries).toHaveLength(2);
  });

  it('and nobody listens any more, they fail as refused', async () => {
    const server = await serve((query) => answerByName(query));
    const { ask } = openUpstream(server);
    await ask(name(1), 'tcp');
    server.script = () => drop();
    const answer = failureOf(ask(name(2), 'tcp'));
    await server.waitForQueries(2);
    await server.close();
    const error = await answer;
    expect(error.code).toBe('refused');
    expect(error.message).toBe(`dial tcp 127.0.0.1:${server.port}: connect: connection refused`);
  });
});
