import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HealthCheck } from '../../src/upstream/health.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { RD } from '../../src/wire/header.ts';
import { octets, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedAction } from '../support/scripted-upstream.ts';
import { failureOf, openUpstream, serve } from './open-upstream.ts';

const FAILURES = 'coredns_proxy_healthcheck_failures_total';

const makeCheck = (...results: boolean[]) => {
  const probe = { run: vi.fn(() => Promise.resolve(results.shift() ?? false)), close: vi.fn() };
  const onResult = vi.fn();
  return { probe, onResult, check: new HealthCheck(probe, 500, onResult) };
};

describe('HealthCheck', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('probes nothing until it is told to', async () => {
    const { probe } = makeCheck(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(probe.run).not.toHaveBeenCalled();
  });

  it('probes at once, then each interval until a probe is good', async () => {
    const { probe, onResult, check } = makeCheck(false, false, true);
    check.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(probe.run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(499);
    expect(probe.run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(probe.run).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onResult.mock.calls).toEqual([[false], [false], [true]]);
    check.start();
    expect(probe.run).toHaveBeenCalledTimes(4);
  });

  it('is one loop however often it is started', async () => {
    const { probe, check } = makeCheck();
    check.start();
    check.start();
    await vi.advanceTimersByTimeAsync(500);
    check.start();
    expect(probe.run).toHaveBeenCalledTimes(2);
  });

  it('stops when it is closed, and tells nothing of a probe that was on its way', async () => {
    const { probe, onResult, check } = makeCheck();
    check.start();
    check.close();
    await vi.advanceTimersByTimeAsync(5_000);
    check.start();
    expect(probe.run).toHaveBeenCalledTimes(1);
    expect(probe.close).toHaveBeenCalledOnce();
    expect(onResult).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops when it is closed between two probes', async () => {
    const { probe, check } = makeCheck();
    check.start();
    await vi.advanceTimersByTimeAsync(100);
    check.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(probe.run).toHaveBeenCalledTimes(1);
  });
});

describe('an upstream', () => {
  it('is down after more failed health checks than allowed, and up again when it answers one', async () => {
    const gone = await startScriptedUpstream(() => reply());
    const { host, port } = gone;
    await gone.close();
    const { ask, upstream, metrics } = openUpstream({ host, port }, { healthCheckIntervalMs: 20 });
    await failureOf(ask('www.example.org'));
    expect(upstream.down).toBe(false);
    upstream.probeSoon();
    await vi.waitFor(() => expect(upstream.down).toBe(true));
    expect(metrics.value(FAILURES, 'forward', upstream.label)).toBeGreaterThanOrEqual(3);

    const back = await serve(() => reply({ rcode: 'REFUSED' }), { port });
    await vi.waitFor(() => expect(upstream.down).toBe(false));
    expect(back.queries).toMatchObject([
      { name: '.', type: 'NS', class: 'IN', transport: 'udp', hasOpt: false },
    ]);
    expect(back.queries[0].flags & RD).toBe(RD);
  });

  it('is up again when it answers a question', async () => {
    const server = await serve(() => reply(), { udp: false });
    const { ask, upstream } = openUpstream(server, { healthCheckIntervalMs: 5 });
    upstream.probeSoon();
    await vi.waitFor(() => expect(upstream.down).toBe(true));
    await ask('www.example.org', 'tcp');
    expect(upstream.down).toBe(false);
  });

  it('is not checked, and never down, when it may fail any number of times', async () => {
    const server = await serve(() => reply());
    const { ask, upstream } = openUpstream(server, { maxFails: 0 });
    upstream.probeSoon();
    await ask('www.example.org');
    expect(server.queries.map(({ type }) => type)).toEqual(['A']);
    expect(upstream.down).toBe(false);
  });

  it.each<[string, ScriptedAction]>([
    ['a refusal', reply({ rcode: 'REFUSED' })],
    ['an answer to another question', reply({ name: 'example.net.' })],
    [
      'a header',
      {
        kind: 'send',
        octets: (query) => Uint8Array.of(query.message[0], query.message[1], 0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0),
      },
    ],
  ])('is healthy that gives %s', async (_what, action) => {
    const server = await serve(() => action);
    const { upstream, metrics } = openUpstream(server);
    upstream.probeSoon();
    // A further probe goes out at once only when the one before was good; a bad one takes a second to be told.
    await vi.waitFor(
      () => {
        upstream.probeSoon();
        expect(server.queries.length).toBeGreaterThan(1);
      },
      { timeout: 900 },
    );
    expect(metrics.value(FAILURES, 'forward', upstream.label)).toBe(0);
  });

  it('is not healthy whose replies have another id', async () => {
    const server = await serve(() => octets(new Uint8Array(12).fill(0x80)));
    const { upstream, metrics } = openUpstream(server, { healthCheckIntervalMs: 1 });
    upstream.probeSoon();
    await vi.waitFor(() => expect(metrics.value(FAILURES, 'forward', upstream.label)).toBe(1), {
      timeout: 3_000,
    });
  });

  it('is probed as it was set: over TCP, without recursion, for a domain', async () => {
    const server = await serve(() => reply());
    const { upstream } = openUpstream(server, {
      healthCheckTransport: 'tcp',
      healthCheckRecursion: false,
      healthCheckDomain: nameFromText('example.org'),
    });
    upstream.probeSoon();
    const [query] = await server.waitForQueries(1);
    expect(query).toMatchObject({ name: 'example.org.', type: 'NS', transport: 'tcp' });
    expect(query.flags & RD).toBe(0);
    await server.waitForConnections(0);
  });
});
