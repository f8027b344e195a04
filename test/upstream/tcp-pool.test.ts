import { describe, expect, it } from 'vitest';
import { drop, later } from '../support/scripted-upstream.ts';
import { failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import { answerByName, listenRaw, name, perConnection } from './streams.ts';

describe('a kept connection', () => {
  it('carries question after question', async () => {
    const server = await serve(answerByName);
    const { ask, metrics } = openUpstream(server);
    expect(lastOctet(await ask(name(1), 'tcp'))).toBe(1);
    expect(lastOctet(await ask(name(2), 'tcp'))).toBe(2);
    expect(lastOctet(await ask(name(3), 'tcp'))).toBe(3);
    expect(server.accepted).toBe(1);
    const label = `127.0.0.1:${server.port}`;
    expect(metrics.value('coredns_proxy_conn_cache_misses_total', 'forward', label, 'tcp')).toBe(1);
    expect(metrics.value('coredns_proxy_conn_cache_hits_total', 'forward', label, 'tcp')).toBe(2);
  });

  it('carries two questions at a time as long as answers come in order, and others take further ones', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) => later(gate.promise, answerByName(query)), { serialTcp: true });
    const { ask } = openUpstream(server);
    const answers = [1, 2, 3, 4, 5].map((number) => ask(name(number), 'tcp'));
    await server.waitForQueries(5);
    expect(perConnection(server.queries).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
    gate.resolve();
    expect((await Promise.all(answers)).map((message) => lastOctet(message))).toEqual([1, 2, 3, 4, 5]);
  });

  it('carries many once an answer has come out of order', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) =>
      query.name === 'n2.test.' ? answerByName(query) : later(gate.promise, answerByName(query)),
    );
    const { ask } = openUpstream(server);
    const slow = ask(name(1), 'tcp');
    await server.waitForQueries(1);
    await ask(name(2), 'tcp');
    const numbers = Array.from({ length: 63 }, (_, i) => i + 3);
    const answers = numbers.map((number) => ask(name(number), 'tcp'));
    await server.waitForQueries(65);
    expect(server.accepted).toBe(1);
    const oneMore = ask(name(100), 'tcp');
    await server.waitForQueries(66);
    expect(server.accepted).toBe(2);
    gate.resolve();
    expect((await Promise.all(answers)).map((message) => lastOctet(message))).toEqual(numbers);
    await Promise.all([slow, oneMore]);
  });

  it('delays one other question at most when one is slow', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve(
      (query) =>
        query.name === 'slow.test.' ? later(gate.promise, answerByName(query)) : answerByName(query),
      { serialTcp: true },
    );
    const { ask } = openUpstream(server);
    const slow = ask('slow.test', 'tcp');
    await server.waitForQueries(1);
    let answered = 0;
    const four = Promise.withResolvers<void>();
    const others = [1, 2, 3, 4, 5].map(async (number) => {
      await ask(name(number), 'tcp');
      if (++answered === 4) four.resolve();
    });
    await four.promise;
    gate.resolve();
    await Promise.all([slow, ...others]);
  });

  it('is closed when there are more idle ones than wanted', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) => later(gate.promise, answerByName(query)));
    const { ask } = openUpstream(server, { maxIdleConnections: 1 });
    const answers = [1, 2, 3, 4, 5, 6].map((number) => ask(name(number), 'tcp'));
    await server.waitForQueries(6);
    expect(server.connections).toBe(3);
    gate.resolve();
    await Promise.all(answers);
    await server.waitForConnections(1);
  });
});

describe('a question over TCP', () => {
  it('fails at once when the port is closed, with all that wait, and the port is not hammered', async () => {
    const server = await serve(() => drop(), { tcp: false });
    const { ask, upstream } = openUpstream(server);
    const errors = await Promise.all(
      Array.from({ length: 200 }, () => failureOf(ask('www.example.org', 'tcp', 60_000))),
    );
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['refused']));
    expect(errors[0].message).toBe(`dial tcp ${upstream.label}: connect: connection refused`);
  });

  it('opens 64 connections at most', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await serve((query) => later(gate.promise, answerByName(query)), { serialTcp: true });
    const { ask } = openUpstream(server);
    const answers = Array.from({ length: 200 }, (_, i) => ask(name(i % 250), 'tcp', 5_000));
    await server.waitForQueries(128);
    expect(server.accepted).toBe(64);
    gate.resolve();
    expect((await Promise.all(answers)).map((message) => lastOctet(message))).toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
    expect(server.accepted).toBe(64);
  });

  it('leaves from the source address that was set', async () => {
    const from = Promise.withResolvers<string | undefined>();
    const address = await listenRaw((socket) => {
      from.resolve(socket.remoteAddress);
      socket.destroy();
    });
    await failureOf(openUpstream(address, { sourceAddress: '127.0.0.9' }).ask(name(1), 'tcp'));
    expect(await from.promise).toBe('127.0.0.9');
  });
});

describe('an upstream that accepts and says nothing', () => {
  it('makes a TLS handshake end at the deadline of the question', async () => {
    const address = await listenRaw(() => undefined);
    const { ask } = openUpstream({ ...address, protocol: 'tls' });
    const error = await failureOf(ask('www.example.org', 'tcp', 50));
    expect(error.code).toBe('timeout');
    expect(error.message).toBe(`dial tcp 127.0.0.1:${address.port}: i/o timeout`);
  });

  it('makes questions wait for a connection, up to a number', async () => {
    const address = await listenRaw(() => undefined);
    const { ask, upstream } = openUpstream({ ...address, protocol: 'tls' });
    const waiting = Array.from({ length: 4096 }, () => failureOf(ask('www.example.org', 'tcp', 60_000)));
    const error = await failureOf(ask('www.example.org', 'tcp'));
    expect(error.code).toBe('busy');
    upstream.close();
    const codes = await Promise.all(waiting);
    expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['closed']));
  });
});
