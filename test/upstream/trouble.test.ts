import { describe, expect, it, vi } from 'vitest';
import { QueryQuota } from '../../src/upstream/query-quota.ts';
import { tcpConnector } from '../../src/upstream/tcp.ts';
import type { StreamConnector } from '../../src/upstream/tcp.ts';
import { drop, reply } from '../support/scripted-upstream.ts';
import { failureOf, lastOctet, openUpstream, pendingFor, serve } from './open-upstream.ts';
import { answerByName, name, openPool } from './streams.ts';

describe('an upstream', () => {
  it('is in trouble when it failed twice in a row, for a while', async () => {
    const server = await serve((query) => (query.name === 'lost.test.' ? drop() : answerByName(query)));
    const clock = { nowMs: () => nowMs };
    let nowMs = 0;
    const { upstream, ask } = openUpstream(server, { healthCheckIntervalMs: 60_000 }, clock);
    await failureOf(ask('lost.test', 'udp', -1));
    expect(upstream.isTroubled(nowMs)).toBe(false);
    await failureOf(ask('lost.test', 'tcp', -1));
    expect(upstream.isTroubled(nowMs)).toBe(true);
    nowMs = 250;
    expect(upstream.isTroubled(nowMs)).toBe(true);
    // When its time is over, and a health check was good, which this one will be.
    upstream.probeSoon();
    await vi.waitFor(() => expect(upstream.isTroubled(nowMs)).toBe(false));
  });

  it('is out of trouble when it replies', async () => {
    const server = await serve((query) => (query.name === 'lost.test.' ? drop() : answerByName(query)));
    const { upstream, ask } = openUpstream(server);
    for (let i = 0; i < 2; i++) await failureOf(ask('lost.test', 'udp', -1));
    const nowMs = performance.now();
    expect(upstream.isTroubled(nowMs)).toBe(true);
    await ask(name(1));
    expect(upstream.isTroubled(nowMs)).toBe(false);
  });

  it('is never in trouble where it may fail any number of times', async () => {
    const server = await serve(() => drop());
    const { upstream, ask } = openUpstream(server, { maxFails: 0 });
    for (let i = 0; i < 5; i++) await failureOf(ask('lost.test', 'udp', -1));
    expect(upstream.isTroubled(performance.now())).toBe(false);
  });

  it('shows how long it takes to answer', async () => {
    const server = await serve(answerByName);
    const { upstream, metrics, ask } = openUpstream(server);
    await ask(name(1));
    expect(upstream.percentile95Ms).toBeGreaterThan(0);
    metrics.scrape();
    const shown = metrics.value('nodelocaldns_upstream_round_trip_seconds', `127.0.0.1:${server.port}`);
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThan(1);
  });

  it('is asked no more than its quota allows, and is not in trouble because of that', async () => {
    const server = await serve(answerByName);
    const quota = new QueryQuota(20);
    const { upstream, ask } = openUpstream(server, { quota }, { nowMs: () => 0 });
    await Promise.all([ask(name(1)), ask(name(2))]);
    for (let i = 0; i < 3; i++) {
      const error = await failureOf(ask(name(3)));
      expect(error).toMatchObject({ code: 'busy', message: `${upstream.label}: max_qps exceeded` });
    }
    expect(server.queries).toHaveLength(2);
    expect(upstream.isTroubled(0)).toBe(false);
  });

  it('is charged for what is asked again over TCP', async () => {
    const server = await serve(({ transport }) => reply({ truncated: transport === 'udp' }));
    const quota = new QueryQuota(40);
    const { ask } = openUpstream(server, { quota }, { nowMs: () => 0 });
    await ask(name(1));
    await ask(name(2));
    expect((await failureOf(ask(name(3)))).code).toBe('busy');
  });
});

it('beside a connection that takes long to open another one is opened', async () => {
  const server = await serve(answerByName);
  const plain = tcpConnector(server.host, server.port, undefined);
  let opened = 0;
  // The first one is never ready: as when the first packet is lost on the way.
  const connector: StreamConnector = {
    ...plain,
    open: (ready) => plain.open(++opened === 1 ? () => undefined : ready),
  };
  const pool = openPool(connector);
  const { query, reply: answer } = pendingFor('n7.test', 1_500);
  pool.ask(query);
  expect(lastOctet(await answer)).toBe(7);
  expect(opened).toBe(2);
});

it('an upstream where no connection opens is not hammered', async () => {
  const server = await serve(answerByName);
  const plain = tcpConnector(server.host, server.port, undefined);
  const open = vi.fn<() => ReturnType<StreamConnector['open']>>(() => plain.open(() => undefined));
  const pool = openPool({ ...plain, open });
  const { query, reply: answer } = pendingFor('n7.test', 1_500);
  pool.ask(query);
  expect((await failureOf(answer)).code).toBe('timeout');
  // One each quarter of a second, and when the wait is over.
  expect(open.mock.calls.length).toBeLessThanOrEqual(8);
});
