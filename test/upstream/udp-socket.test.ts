import { describe, expect, it, vi } from 'vitest';
import { RandomIds } from '../../src/upstream/random-id.ts';
import { ReplyCheck } from '../../src/upstream/reply-check.ts';
import { UdpSocket } from '../../src/upstream/udp-socket.ts';
import { drop, later, reply } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { onBothKinds } from './channel-kinds.ts';
import { failureOf, pendingFor, serve } from './open-upstream.ts';

const makeOwner = () => ({
  mismatched: vi.fn(),
  retired: vi.fn(),
  closed: vi.fn(),
  adopt: vi.fn(() => false),
  heard: vi.fn(),
  renew: vi.fn(() => false),
  silent: vi.fn(),
});

onBothKinds((channels) => {
  const target = (server: ScriptedUpstream, lifeMs = 10_000, sourceAddress?: string) => ({
    channels,
    host: server.host,
    port: server.port,
    sourceAddress,
    lifeMs,
    ids: new RandomIds(),
    check: new ReplyCheck(),
  });

  describe('UdpSocket', () => {
    it('uses no id twice, and retires after 512 queries', async () => {
      const server = await serve(() => reply());
      const owner = makeOwner();
      const socket = new UdpSocket(target(server), owner);
      const asked = Array.from({ length: 512 }, (_, i) => pendingFor(`q${i}.example.org`, 5_000));
      for (const { query } of asked) {
        expect(owner.retired).not.toHaveBeenCalled();
        socket.ask(query);
      }
      expect(owner.retired).toHaveBeenCalledOnce();
      // Loopback may drop some of a burst; what matters is on the way out.
      await server.waitForQueries(1);
      expect(new Set(asked.map(({ query }) => query.id)).size).toBe(512);
      socket.close();
      await Promise.allSettled(asked.map(({ reply: answer }) => answer));
    });

    it('retires with age, and stays open for the query that is on the way', async () => {
      const gate = Promise.withResolvers<void>();
      const server = await serve(() => later(gate.promise, reply()));
      const owner = makeOwner();
      const socket = new UdpSocket(target(server, 20), owner);
      const { query, reply: answer } = pendingFor('example.org');
      socket.ask(query);
      await vi.waitFor(() => expect(owner.retired).toHaveBeenCalledOnce());
      expect(owner.closed).not.toHaveBeenCalled();
      gate.resolve();
      await answer;
      expect(owner.closed).toHaveBeenCalledOnce();
    });

    it('closes with age when nothing is on the way', async () => {
      const server = await serve(() => reply());
      const owner = makeOwner();
      void new UdpSocket(target(server, 20), owner);
      expect(owner.closed).not.toHaveBeenCalled();
      await vi.waitFor(() => expect(owner.closed).toHaveBeenCalledOnce());
    });

    it('offers its queries to others when it cannot be opened', async () => {
      const server = await serve(() => drop());
      const owner = makeOwner();
      // An address that this host does not have (RFC 5737).
      const socket = new UdpSocket(target(server, 10_000, '203.0.113.9'), owner);
      const { query, reply: answer } = pendingFor('example.org');
      socket.ask(query);
      const error = await failureOf(answer);
      expect(owner.adopt).toHaveBeenCalledWith(query);
      expect(error.code).toBe('unreachable');
      expect(error.message).toBe(`dial udp 127.0.0.1:${server.port}: bind: cannot assign requested address`);
      expect(owner.closed).toHaveBeenCalledOnce();
    });

    it('may be closed before it is open, and more than once', async () => {
      const server = await serve(() => reply());
      const owner = makeOwner();
      const socket = new UdpSocket(target(server), owner);
      const { query, reply: answer } = pendingFor('example.org');
      socket.ask(query);
      socket.close();
      socket.close();
      expect((await failureOf(answer)).code).toBe('closed');
      expect(owner.closed).toHaveBeenCalledOnce();
    });
  });
});
