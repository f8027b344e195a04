/**
 * Ports that lead nowhere, as they do behind a service address when the instance that connection tracking tied them to is gone: queries go
 * out from another port, and the dead one is not used again.
 */
import { describe, expect, it, vi } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { QueryQuota } from '../../src/upstream/query-quota.ts';
import type { UpstreamSettings } from '../../src/upstream/upstream.ts';
import { drop, later, reply } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { onBothKinds } from './channel-kinds.ts';
import { askFor, failureOf, lastOctet, openUpstream, serve } from './open-upstream.ts';
import type { OpenUpstream } from './open-upstream.ts';
import { answerByName, name } from './streams.ts';

/** Nothing for 0.3 s makes a socket silent; the next one is asked within 0.05 s, on a machine that has other things to do. */
const NOTICED_MS = 1_000;
const SILENCES = 'nodelocaldns_upstream_silent_connections_total';
const MOVES = 'nodelocaldns_upstream_moved_queries_total';

/** Of queries for any name but n0. */
const portsOf = ({ queries }: ScriptedUpstream): number[] =>
  queries.filter(({ name: asked }) => asked !== 'n0.test.').map(({ clientPort }) => clientPort);

/** Answers for n0; otherwise does one thing with what comes from the first port, and another with what comes from later ones. */
function byPort(first: Script, others: Script): Script {
  let firstPort: number | undefined;
  return (query) => {
    if (query.name === 'n0.test.') return answerByName(query);
    firstPort ??= query.clientPort;
    return (query.clientPort === firstPort ? first : others)(query);
  };
}

onBothKinds((channels) => {
  /** An upstream that has answered on each port that it will be asked from. */
  const openKnown = async (
    server: ScriptedUpstream,
    settings: Partial<UpstreamSettings> = {},
  ): Promise<OpenUpstream> => {
    const open = openUpstream(server, settings, SYSTEM_CLOCK, channels);
    await Promise.all(Array.from({ length: 64 }, () => open.ask(name(0))));
    return open;
  };

  describe('a port from which nothing comes back', () => {
    it('is left for another one, whose answer counts', async () => {
      const server = await serve(byPort(drop, answerByName));
      const { ask, metrics, upstream } = await openKnown(server);
      const began = performance.now();
      expect(lastOctet(await ask(name(7), 'udp', 5_000))).toBe(7);
      expect(performance.now() - began).toBeLessThan(NOTICED_MS);
      expect(new Set(portsOf(server)).size).toBe(2);
      expect(new Set(server.queries.slice(64).map(({ id }) => id)).size).toBe(2);
      expect(metrics.value(SILENCES, upstream.label)).toBe(1);
      expect(metrics.value(MOVES, upstream.label)).toBe(1);
    });

    it('carries no other question, while those that are good go on being used', async () => {
      const server = await serve((query) => answerByName(query));
      const { ask } = await openKnown(server);
      const expected = Array.from({ length: 100 }, (_, i) => i + 1);
      const portsOfHundred = async (): Promise<Set<number>> => {
        const before = portsOf(server).length;
        const asked = expected.map(async (i) => lastOctet(await ask(name(i), 'udp', 5_000)));
        expect(await Promise.all(asked)).toEqual(expected);
        return new Set(portsOf(server).slice(before));
      };
      const ports = [...new Set(server.queries.map(({ clientPort }) => clientPort))];
      const dead = new Set(ports.filter((_, i) => i % 2 === 0));
      server.script = (query) => (dead.has(query.clientPort) ? drop() : answerByName(query));
      const left = new Set<number>();
      for (let i = 0; i < 5; i++) {
        const used = await portsOfHundred();
        expect([...left].filter((port) => used.has(port))).toEqual([]);
        for (const port of used) if (dead.has(port)) left.add(port);
      }
      // 30 draws at least: that none falls on half of the ports happens once in 10^9 runs, and that all do as seldom.
      expect(left.size).toBeGreaterThan(0);
      const used = await portsOfHundred();
      expect(ports.some((port) => used.has(port))).toBe(true);
    });

    it('still gives the answer where that was only slow', async () => {
      const gate = Promise.withResolvers<void>();
      const server = await serve(byPort((query) => later(gate.promise, answerByName(query)), drop));
      const { ask } = await openKnown(server);
      const slow = ask(name(9), 'udp', 5_000);
      await server.waitForQueries(64 + 2);
      gate.resolve();
      expect(lastOctet(await slow)).toBe(9);
    });

    it('is waited for longer where answers take long', async () => {
      const server = await serve((query) => later(380, answerByName(query)));
      const { ask } = await openKnown(server);
      for (const number of [1, 2, 3]) await ask(name(number), 'udp', 5_000);
      const asked = server.queries.slice(64).map((query) => query.name);
      expect(asked).toEqual([1, 2, 3].map((number) => `${name(number)}.`));
    });

    it('costs two more tries and no more while others are answered, from ports and with ids of their own', async () => {
      const server = await serve((query) => (query.name === 'n1.test.' ? drop() : answerByName(query)));
      const { ask } = await openKnown(server);
      const failure = failureOf(ask(name(1), 'udp', 2_000));
      const others: Promise<unknown>[] = [];
      const timer = setInterval(() => others.push(ask(name(2), 'udp', 5_000)), 50);
      expect((await failure).code).toBe('timeout');
      clearInterval(timer);
      await Promise.all(others);
      const asked = server.queries.filter((query) => query.name === 'n1.test.');
      expect(new Set(asked.map(({ clientPort }) => clientPort)).size).toBe(3);
      expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
      expect(asked).toHaveLength(3);
    });

    it('costs one more try where nobody is answered, and another in a later exchange, counted against max_qps', async () => {
      const server = await serve(byPort(drop, drop));
      const quota = new QueryQuota(10_000);
      const charge = vi.spyOn(quota, 'charge');
      const { upstream } = await openKnown(server, { quota });
      const once = askFor(name(1));
      const sends: number[] = [];
      for (let exchange = 0; exchange < 2; exchange++) {
        const failure = failureOf(upstream.exchange(once, 'udp', performance.now() + 1_000));
        expect((await failure).code).toBe('timeout');
        sends.push(once.sends);
      }
      expect(sends).toEqual([2, 3]);
      expect(portsOf(server)).toHaveLength(3);
      expect(charge).toHaveBeenCalledOnce();
    });
  });

  describe('a new port from which nothing comes back', () => {
    it('is left for another one where others are answered meanwhile', async () => {
      const server = await serve(byPort(drop, answerByName));
      const { ask } = openUpstream(server, {}, SYSTEM_CLOCK, channels);
      await ask(name(0));
      const began = performance.now();
      const answer = ask(name(7), 'udp', 5_000);
      await server.waitForQueries(2);
      await ask(name(0));
      expect(lastOctet(await answer)).toBe(7);
      expect(performance.now() - began).toBeLessThan(NOTICED_MS);
    });

    it('is stayed with where nobody is answered: it is the upstream that is silent', async () => {
      const server = await serve(byPort(drop, answerByName));
      const { ask, metrics, upstream } = openUpstream(server, {}, SYSTEM_CLOCK, channels);
      await ask(name(0));
      await failureOf(ask(name(7), 'udp', 800));
      expect(portsOf(server)).toHaveLength(1);
      expect(metrics.value(SILENCES, upstream.label)).toBe(0);
    });
  });

  it('an upstream that is dead is asked little more than it would be', async () => {
    const server = await serve(byPort(drop, drop));
    const { ask, upstream, metrics } = await openKnown(server);
    const waiting = Array.from({ length: 2_000 }, (_, i) => failureOf(ask(name(i + 1), 'udp', 800)));
    const codes = await Promise.all(waiting);
    expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['timeout']));
    // 512 at once, and a tenth of what was asked.
    expect(metrics.value(MOVES, upstream.label)).toBeLessThanOrEqual(512 + 200);
    expect(metrics.value(MOVES, upstream.label)).toBeGreaterThan(500);
  });

  it('a truncated answer from the second port is asked for over TCP', async () => {
    const server = await serve(
      byPort(drop, (query) => (query.transport === 'tcp' ? answerByName(query) : reply({ truncated: true }))),
    );
    const { ask } = await openKnown(server);
    expect(lastOctet(await ask(name(3), 'udp', 5_000))).toBe(3);
    expect(server.queries.slice(64).map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
  });
});
