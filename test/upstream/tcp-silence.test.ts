import { describe, expect, it } from 'vitest';
import { drop, later, resetConnection } from '../support/scripted-upstream.ts';
import { askFor, failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import { answerByName, name, perConnection } from './streams.ts';

/** Nothing for 0.3 s makes a connection silent; the next one is asked within 0.05 s, on a machine that has other things to do. */
const NOTICED_MS = 1_000;

describe('a connection on which nothing comes', () => {
  it('has its questions asked on another one, whose answers count', async () => {
    const server = await serve((query) => (query.connection === 1 ? drop() : answerByName(query)));
    const { ask, metrics } = openUpstream(server);
    const began = performance.now();
    const answers = await Promise.all([ask(name(1), 'tcp', 5_000), ask(name(2), 'tcp', 5_000)]);
    expect(answers.map((message) => lastOctet(message))).toEqual([1, 2]);
    expect(performance.now() - began).toBeLessThan(NOTICED_MS);
    const label = `127.0.0.1:${server.port}`;
    expect(metrics.value('nodelocaldns_upstream_silent_connections_total', label)).toBe(1);
    expect(metrics.value('nodelocaldns_upstream_moved_queries_total', label)).toBe(2);
    // Nobody waits on the first one any more.
    await server.waitForConnections(1);
  });

  it('takes no other questions', async () => {
    const server = await serve((query) => (query.connection === 1 ? drop() : answerByName(query)));
    const { ask } = openUpstream(server);
    await ask(name(1), 'tcp', 5_000);
    await ask(name(2), 'tcp', 5_000);
    expect(perConnection(server.queries)).toEqual([1, 2]);
  });

  it('still gives the answer where it was only slow, and is used again', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) =>
      query.connection === 1 && query.name === 'n1.test.'
        ? later(gate.promise, answerByName(query))
        : query.connection === 1
          ? answerByName(query)
          : drop(),
    );
    const { ask } = openUpstream(server);
    const slow = ask(name(1), 'tcp', 5_000);
    await server.waitForQueries(2);
    gate.resolve();
    expect(lastOctet(await slow)).toBe(1);
    expect(server.queries.map(({ connection }) => connection)).toEqual([1, 2]);
    // The second one is busy with what nobody waits for.
    expect(lastOctet(await ask(name(2), 'tcp'))).toBe(2);
    expect(server.queries.at(-1)).toMatchObject({ connection: 1 });
  });

  it('is waited for longer where answers take long', async () => {
    const server = await serve((query) => later(380, answerByName(query)));
    const { ask } = openUpstream(server);
    for (const number of [1, 2, 3]) await ask(name(number), 'tcp', 5_000);
    const asked = (number: number): number =>
      server.queries.filter((query) => query.name === `${name(number)}.`).length;
    // The first one showed how long they take.
    expect([1, 2, 3].map(asked)).toEqual([2, 1, 1]);
  });

  it('has its questions asked three times at most, while others are answered', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve(
      (query) => (query.name === 'n1.test.' ? later(gate.promise, drop()) : answerByName(query)),
      { serialTcp: true },
    );
    const { ask } = openUpstream(server);
    const failure = failureOf(ask(name(1), 'tcp', 2_000));
    const others: Promise<unknown>[] = [];
    const timer = setInterval(() => others.push(ask(name(2), 'tcp', 5_000)), 50);
    expect((await failure).code).toBe('timeout');
    clearInterval(timer);
    gate.resolve();
    await Promise.all(others);
    const asked = server.queries.filter((query) => query.name === 'n1.test.');
    expect(new Set(asked.map(({ connection }) => connection)).size).toBe(3);
    expect(asked).toHaveLength(3);
  });

  it('has its questions asked twice where nobody is answered, and once more in a later exchange', async () => {
    const server = await serve(() => drop());
    const { upstream } = openUpstream(server);
    const once = askFor(name(1));
    const sends: number[] = [];
    for (let exchange = 0; exchange < 2; exchange++) {
      const failure = failureOf(upstream.exchange(once, 'tcp', performance.now() + 1_300));
      expect((await failure).code).toBe('timeout');
      sends.push(once.sends);
    }
    expect(sends).toEqual([2, 3]);
    expect(perConnection(server.queries)).toEqual([1, 1, 1]);
    await server.waitForConnections(0);
  });

  it('and that is reset then, loses nothing that is asked elsewhere', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) =>
      query.connection === 1
        ? later(gate.promise, resetConnection())
        : later(gate.promise, answerByName(query)),
    );
    const { ask } = openUpstream(server);
    const answer = ask(name(1), 'tcp', 5_000);
    await server.waitForQueries(2);
    gate.resolve();
    expect(lastOctet(await answer)).toBe(1);
    expect(server.queries).toHaveLength(2);
  });
});

describe('a slow name of a server that answers a connection in order', () => {
  it('holds up a name behind it for a moment, and gets its own answer when it is there', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve(
      (query) =>
        query.name === 'n100.test.' ? later(gate.promise, answerByName(query)) : answerByName(query),
      { serialTcp: true },
    );
    const { ask } = openUpstream(server);
    const slow = ask(name(100), 'tcp', 5_000);
    const began = performance.now();
    expect(lastOctet(await ask(name(1), 'tcp', 5_000))).toBe(1);
    expect(performance.now() - began).toBeLessThan(NOTICED_MS);
    gate.resolve();
    expect(lastOctet(await slow)).toBe(100);
  });

  it('is asked on connections of its own once it is known to be slow', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve(
      (query) =>
        query.name === 'n100.test.' ? later(gate.promise, answerByName(query)) : answerByName(query),
      { serialTcp: true },
    );
    const { ask } = openUpstream(server);
    const slow = ask(name(100), 'tcp', 5_000);
    await server.waitForQueries(2);
    const before = server.queries.length;
    const answers = await Promise.all([1, 2, 3, 4].map((number) => ask(name(number), 'tcp', 5_000)));
    expect(answers.map((message) => lastOctet(message))).toEqual([1, 2, 3, 4]);
    // None of them had to be asked twice: nobody stood behind the slow one.
    expect(server.queries.filter(({ name: asked }) => asked !== 'n100.test.')).toHaveLength(4);
    expect(before).toBe(2);
    gate.resolve();
    await slow;
  });
});
