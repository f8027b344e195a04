import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { drop, later, octets, reply, several } from '../support/scripted-upstream.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import type { ReplySpec, ScriptedAction, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import type { UpstreamSettings } from '../../src/upstream/upstream.ts';
import { onBothKinds } from './channel-kinds.ts';
import { failureOf, lastOctet, openUpstream as openUpstreamBy, serve } from './open-upstream.ts';
import type { OpenUpstream } from './open-upstream.ts';

const HONEST: ReplySpec = { answers: ['@ 30 IN A 192.0.2.1'] };
const FORGED: ReplySpec = { answers: ['@ 30 IN A 192.0.2.66'] };
const hasIpv6Loopback = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);
const MISMATCHES = 'nodelocaldns_upstream_mismatched_replies_total';

const FORGERIES: readonly (readonly [string, ScriptedAction])[] = [
  ['another id', reply({ ...FORGED, id: 'wrong' })],
  ['a query instead of a response', reply({ ...FORGED, response: false })],
  ['another opcode', reply({ ...FORGED, opcode: 5 })],
  ['another name', reply({ ...FORGED, name: 'www.example.net.' })],
  ['another type', reply({ ...FORGED, type: 'AAAA' })],
  ['another class', reply({ ...FORGED, class: 'CH' })],
  ['no question', reply({ questionCount: 0 })],
  ['two questions', reply({ ...FORGED, questionCount: 2 })],
  ['a record too few', reply({ ...FORGED, opt: false, extraAnswerCount: 1 })],
  ['a record cut short', reply({ ...FORGED, opt: false, cutOctets: 2 })],
  ['the query itself', { kind: 'send', octets: (query) => query.message }],
  ['half a header', { kind: 'send', octets: (query) => query.message.subarray(0, 6) }],
  ['nothing', octets(new Uint8Array(0))],
  ['noise', octets(new Uint8Array(100).fill(0xc0))],
];

onBothKinds((channels) => {
  const openUpstream = (server: ScriptedUpstream, settings: Partial<UpstreamSettings> = {}): OpenUpstream =>
    openUpstreamBy(server, settings, SYSTEM_CLOCK, channels);

  describe('a forged datagram over UDP', () => {
    it.each(FORGERIES)('with %s does not end the wait', async (_what, forgery) => {
      const server = await serve(() => several(forgery, reply(HONEST)));
      const { ask, metrics } = openUpstream(server);
      expect(lastOctet(await ask('www.example.org'))).toBe(1);
      expect(metrics.value(MISMATCHES, `127.0.0.1:${server.port}`)).toBe(1);
      expect(server.queries).toHaveLength(1);
    });

    it.each(FORGERIES)('with %s, three times, moves the question to TCP', async (_what, forgery) => {
      const server = await serve((query) =>
        query.transport === 'tcp' ? reply(HONEST) : several(forgery, forgery, forgery),
      );
      const { ask, metrics } = openUpstream(server);
      expect(lastOctet(await ask('www.example.org'))).toBe(1);
      expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
      expect(metrics.value(MISMATCHES, `127.0.0.1:${server.port}`)).toBe(3);
    });

    it('from another port is not even seen', async () => {
      const gate = Promise.withResolvers<void>();
      const server = await serve(() => later(gate.promise, reply(HONEST)));
      const { ask, metrics } = openUpstream(server);
      const answer = ask('www.example.org');
      const [query] = await server.waitForQueries(1);
      const forger = createSocket('udp4');
      const sent = Promise.withResolvers<void>();
      forger.send(replyMessage(query, FORGED), query.clientPort, '127.0.0.1', () => sent.resolve());
      await sent.promise;
      forger.close();
      gate.resolve();
      expect(lastOctet(await answer)).toBe(1);
      expect(metrics.value(MISMATCHES, `127.0.0.1:${server.port}`)).toBe(0);
    });
  });

  describe('replies over UDP', () => {
    it('that come twice are not held against later questions', async () => {
      const server = await serve(() => several(reply(HONEST), reply(HONEST), reply(HONEST), reply(HONEST)));
      const { ask, metrics } = openUpstream(server);
      await ask('a.test');
      await ask('b.test');
      expect(lastOctet(await ask('c.test'))).toBe(1);
      expect(metrics.value(MISMATCHES, `127.0.0.1:${server.port}`)).toBe(0);
    });

    it('may be longer than what we advertise', async () => {
      const answers = Array.from({ length: 300 }, (_, i) => `@ 30 IN A 192.0.2.${i % 250}`);
      const server = await serve(() => reply({ answers: [...answers, '@ 30 IN A 192.0.2.251'] }));
      const message = await openUpstream(server).ask('www.example.org');
      expect(message.length).toBeGreaterThan(4_000);
      expect(lastOctet(message)).toBe(251);
    });

    it('are octets of their own', async () => {
      const server = await serve(() => reply(HONEST));
      const { ask } = openUpstream(server);
      const first = await ask('www.example.org');
      const before = Buffer.from(first);
      const others = await Promise.all([1, 2, 3].map((number) => ask(`n${number}.example.org`)));
      expect(Buffer.from(first)).toEqual(before);
      for (const message of [first, ...others]) expect(Buffer.isBuffer(message)).toBe(false);
    });
  });

  describe('questions over UDP', () => {
    it('advertise 1232 octets and go out in the case they were given', async () => {
      const server = await serve(() => reply(HONEST));
      await openUpstream(server).ask('wWw.Example.ORG');
      expect(server.queries).toMatchObject([{ name: 'wWw.Example.ORG.', udpSize: 1232, hasOpt: true }]);
    });

    it('leave from ports and with ids that change all the time', async () => {
      const server = await serve(() => reply(HONEST));
      const { ask, metrics } = openUpstream(server);
      const batch = async (number: number): Promise<void> => {
        await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`q${number}-${i}.test`)));
      };
      await [0, 1, 2, 3, 4].reduce((done, number) => done.then(() => batch(number)), Promise.resolve());
      const ports = server.queries.map(({ clientPort }) => clientPort);
      expect(new Set(ports).size).toBe(64);
      // 200 of 65536: that more than ten meet happens once in 10^13 runs.
      expect(new Set(server.queries.map(({ id }) => id)).size).toBeGreaterThan(190);
      // Not in turn: the 136 queries that found all sockets open did not use them evenly. They made 136, or (in five turns, by groups
      // of up to 16) at least 10 draws out of 64: that those meet on 4 happens once in 10^7 runs.
      const drawn = new Set(ports.slice(64)).size;
      expect(drawn).toBeLessThan(64);
      expect(drawn).toBeGreaterThan(channels.group === 1 ? 40 : 4);
      const label = `127.0.0.1:${server.port}`;
      expect(metrics.value('coredns_proxy_conn_cache_misses_total', 'forward', label, 'udp')).toBe(64);
      expect(metrics.value('coredns_proxy_conn_cache_hits_total', 'forward', label, 'udp')).toBe(136);
    });

    it('leave from the source address that was set', async () => {
      const server = await serve(() => reply(HONEST));
      const { ask } = openUpstream(server, { sourceAddress: '127.0.0.9' });
      expect(lastOctet(await ask('www.example.org'))).toBe(1);
      const { ask: askLost } = openUpstream(server, { sourceAddress: '203.0.113.9' });
      expect((await failureOf(askLost('www.example.org'))).code).toBe('unreachable');
    });

    it('fail at once when the port is closed', async () => {
      const server = await serve(() => drop(), { udp: false });
      const { ask } = openUpstream(server);
      const error = await failureOf(ask('www.example.org', 'udp', 60_000));
      expect(error.code).toBe('refused');
      expect(error.message).toMatch(
        new RegExp(
          `^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${server.port}: read: connection refused$`,
        ),
      );
    });

    it('fail at the deadline, in the words of Go', async () => {
      const server = await serve(() => drop());
      const { ask } = openUpstream(server);
      const error = await failureOf(ask('www.example.org', 'udp', 50));
      expect(error.code).toBe('timeout');
      expect(error.message).toMatch(
        new RegExp(`^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${server.port}: i/o timeout$`),
      );
    });

    it('fail when the read timeout is sooner than the deadline', async () => {
      const server = await serve(() => later(500, reply(HONEST)));
      const { ask } = openUpstream(server, { readTimeoutMs: 50 });
      expect((await failureOf(ask('www.example.org', 'udp', 60_000))).code).toBe('timeout');
    });

    it('are turned down when too many are on the way', async () => {
      const server = await serve(() => drop());
      const { ask, upstream } = openUpstream(server);
      const waiting = Array.from({ length: 4096 }, () => failureOf(ask('www.example.org', 'udp', 60_000)));
      const error = await failureOf(ask('www.example.org'));
      expect(error.code).toBe('busy');
      upstream.close();
      const codes = await Promise.all(waiting);
      expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['closed']));
    });

    // A host with IPv6 switched off has no ::1; any other runs it.
    it.skipIf(!hasIpv6Loopback)('reach an upstream on IPv6', async () => {
      const server = await serve(() => reply(HONEST), { host: '::1' });
      const { ask, upstream } = openUpstream(server);
      expect(upstream.label).toBe(`[::1]:${server.port}`);
      expect(lastOctet(await ask('www.example.org'))).toBe(1);
      expect(lastOctet(await ask('www.example.org', 'tcp'))).toBe(1);
    });
  });
});
