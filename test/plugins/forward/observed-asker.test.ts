import { expect, it } from 'vitest';
import type { ExchangeObserver, ExchangeSight } from '../../../src/chain/exchange-observer.ts';
import { observedAsker } from '../../../src/plugins/forward/observed-asker.ts';
import { ExchangeError } from '../../../src/upstream/exchange-error.ts';
import type { Asker } from '../../../src/upstream/pending-query.ts';
import { Upstream } from '../../../src/upstream/upstream.ts';
import { upstreamMetrics } from '../../../src/upstream/upstream-metrics.ts';
import { makeQuery } from '../../support/query.ts';
import { FakeClock, FakeMetrics } from '../../support/setup-context.ts';

const ASK = { message: Uint8Array.of(1), nameLength: 1, edns: false, sends: 0 };

const SETTINGS = {
  expireMs: 10_000,
  readTimeoutMs: 2_000,
  maxFails: 0,
  healthCheckIntervalMs: 500,
  healthCheckDomain: Uint8Array.of(0),
  healthCheckRecursion: true,
  healthCheckTransport: 'udp',
} as const;

const upstreamOver = (protocol: 'dns' | 'tls'): Upstream =>
  new Upstream({ protocol, host: '2001:db8::1', port: 53 }, SETTINGS, {
    clock: new FakeClock(),
    metrics: upstreamMetrics(new FakeMetrics()),
  });

class Watcher implements ExchangeObserver {
  readonly seen: (ExchangeSight | string)[] = [];
  isInterested = true;

  begin(_query: unknown, sight: ExchangeSight): ReturnType<ExchangeObserver['begin']> {
    this.seen.push(sight);
    if (!this.isInterested) return undefined;
    return { ended: (message, reply) => this.seen.push(`${message.length} ${reply?.length ?? 'none'}`) };
  }
}

function watched(protocol: 'dns' | 'tls', watcher: Watcher): { told: string[]; asker: Asker; outer: Asker } {
  const told: string[] = [];
  const asker: Asker = {
    replied: (reply) => told.push(`replied ${reply.length} after ${watcher.seen.length}`),
    failed: (error) => told.push(`failed ${error.code} after ${watcher.seen.length}`),
  };
  const upstream = upstreamOver(protocol);
  const outer = observedAsker(watcher, makeQuery('a.test', 'A'), ASK, { upstream, transport: 'udp' }, asker);
  return { told, asker, outer };
}

it('lets a watcher see where a question goes, and its reply before who asked', () => {
  const watcher = new Watcher();
  const { told, outer } = watched('dns', watcher);
  outer.replied(Uint8Array.of(1, 2));
  expect(watcher.seen).toEqual([{ upstream: '[2001:db8::1]:53', transport: 'udp' }, '1 2']);
  expect(told).toEqual(['replied 2 after 2']);
});

it('lets a watcher see that no reply came', () => {
  const watcher = new Watcher();
  const { told, outer } = watched('dns', watcher);
  outer.failed(new ExchangeError('timeout', 'no answer'));
  expect(watcher.seen[1]).toBe('1 none');
  expect(told).toEqual(['failed timeout after 2']);
});

it('tells that it is TLS, whatever was wanted', () => {
  const watcher = new Watcher();
  watched('tls', watcher);
  expect(watcher.seen).toEqual([{ upstream: '[2001:db8::1]:53', transport: 'tls' }]);
});

it('leaves who asked alone where nobody wants to know', () => {
  const watcher = new Watcher();
  watcher.isInterested = false;
  const { asker, outer } = watched('dns', watcher);
  expect(outer).toBe(asker);
});
