import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { drop, reply } from '../support/scripted-upstream.ts';
import { selfSigned } from '../support/self-signed.ts';
import { failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import { listenRaw } from './streams.ts';

const IDENTITY = selfSigned('dns.test', '127.0.0.1');
const answer = () => reply({ answers: ['@ 30 IN A 192.0.2.1'] });

describe('DNS over TLS', () => {
  it('asks over one kept connection, whatever transport is wanted', async () => {
    const server = await serve(answer, { tls: IDENTITY });
    const { ask, metrics, upstream } = openUpstream(
      { host: server.host, port: server.port, protocol: 'tls' },
      { tls: { ca: IDENTITY.cert, serverName: 'dns.test' } },
    );
    expect(lastOctet(await ask('a.test', 'udp'))).toBe(1);
    expect(lastOctet(await ask('b.test', 'tcp'))).toBe(1);
    expect(server.accepted).toBe(1);
    expect(metrics.value('coredns_proxy_conn_cache_hits_total', 'forward', upstream.label, 'tcp-tls')).toBe(
      1,
    );
    expect(
      metrics.value('coredns_proxy_conn_cache_hits_total', 'forward', upstream.label, 'udp'),
    ).toBeUndefined();
  });

  it('checks the address where no name was given', async () => {
    const server = await serve(answer, { tls: IDENTITY });
    const { ask } = openUpstream({ ...endpoint(server), protocol: 'tls' }, { tls: { ca: IDENTITY.cert } });
    expect(lastOctet(await ask('a.test'))).toBe(1);
  });

  it('prefers the name of the upstream over that of all', async () => {
    const server = await serve(answer, { tls: IDENTITY });
    const { ask } = openUpstream(
      { ...endpoint(server), protocol: 'tls', serverName: 'dns.test' },
      { tls: { ca: IDENTITY.cert, serverName: 'other.test' } },
    );
    expect(lastOctet(await ask('a.test'))).toBe(1);
  });

  it.each([
    ['an authority that nobody trusts', {}, /^dial tcp 127\.0\.0\.1:\d+: tls: self-signed certificate/],
    [
      'another name',
      { ca: IDENTITY.cert, serverName: 'other.test' },
      /^dial tcp 127\.0\.0\.1:\d+: tls: .*altnames/,
    ],
  ])('fails for %s', async (_what, tls, message) => {
    const server = await serve(answer, { tls: IDENTITY });
    const { ask } = openUpstream({ ...endpoint(server), protocol: 'tls' }, { tls });
    const error = await failureOf(ask('a.test'));
    expect(error.code).toBe('tls');
    expect(error.message).toMatch(message);
    expect(server.queries).toHaveLength(0);
    // A session of a refused handshake must not open the door later.
    expect((await failureOf(ask('b.test'))).code).toBe('tls');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'resumes its session on every connection after the first, over %s',
    async (maxVersion) => {
      const server = await serve(answer, { tls: { ...IDENTITY, maxVersion } });
      const { ask } = openUpstream(
        { ...endpoint(server), protocol: 'tls' },
        { tls: { ca: IDENTITY.cert, serverName: 'dns.test' } },
      );
      await ask('a.test');
      for (let connection = 2; connection < 5; connection++) {
        server.breakConnections('close');
        await server.waitForConnections(0);
        await ask('b.test');
        expect([server.accepted, server.resumed]).toEqual([connection, connection - 1]);
      }
    },
  );

  it('resumes its session when the connection was reset, too', async () => {
    const server = await serve(answer, { tls: IDENTITY });
    const through: Socket[] = [];
    const address = await listenRaw((socket) => {
      through.push(socket);
      const inner = connect(server.port, server.host);
      inner.on('error', () => undefined);
      socket.pipe(inner).pipe(socket);
    });
    const { ask } = openUpstream(
      { ...address, protocol: 'tls' },
      { tls: { ca: IDENTITY.cert, serverName: 'dns.test' } },
    );
    await ask('a.test');
    // With a question on its way, so that the reset is noticed.
    server.script = () => {
      server.script = answer;
      through[0].resetAndDestroy();
      return drop();
    };
    expect(lastOctet(await ask('b.test'))).toBe(1);
    expect([server.accepted, server.resumed]).toEqual([2, 1]);
  });

  it('makes a whole handshake with a server that does not know its session', async () => {
    const first = await serve(answer, { tls: IDENTITY });
    const { ask } = openUpstream(
      { ...endpoint(first), protocol: 'tls' },
      { tls: { ca: IDENTITY.cert, serverName: 'dns.test' } },
    );
    await ask('a.test');
    await first.close();
    // Another instance behind the same address: the keys of its tickets are its own.
    const second = await serve(answer, { tls: IDENTITY, port: first.port });
    expect(lastOctet(await ask('b.test'))).toBe(1);
    expect([second.accepted, second.resumed]).toEqual([1, 0]);
    second.breakConnections('close');
    await second.waitForConnections(0);
    await ask('c.test');
    expect(second.resumed).toBe(1);
  });

  it('resumes no session of a server whose certificate is another name', async () => {
    const server = await serve(answer, { tls: IDENTITY });
    const { ask } = openUpstream(
      { ...endpoint(server), protocol: 'tls' },
      { tls: { ca: IDENTITY.cert, serverName: 'other.test' } },
    );
    for (const name of ['a.test', 'b.test']) expect((await failureOf(ask(name))).code).toBe('tls');
    expect(server.resumed).toBe(0);
  });

  it('presents its own certificate', async () => {
    const own = selfSigned('client.test');
    const server = await serve(answer, { tls: { ...IDENTITY, ca: own.cert } });
    const { ask } = openUpstream(
      { ...endpoint(server), protocol: 'tls' },
      { tls: { ca: IDENTITY.cert, cert: own.cert, key: own.key } },
    );
    expect(lastOctet(await ask('a.test'))).toBe(1);
    const { ask: askWithout } = openUpstream(
      { ...endpoint(server), protocol: 'tls' },
      { tls: { ca: IDENTITY.cert } },
    );
    await failureOf(askWithout('a.test'));
  });

  it('refuses at construction a certificate that cannot be read', async () => {
    const server = await serve(answer);
    expect(() =>
      openUpstream({ ...endpoint(server), protocol: 'tls' }, { tls: { cert: 'no PEM' } }),
    ).toThrow();
  });
});

const endpoint = ({ host, port }: { host: string; port: number }) => ({ host, port });
