/** A guard on a host held in memory, in time that the test moves: call `fakeTime` once at the top of a file. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { Guard } from '../../src/guard/guard.ts';
import type { GuardOptions } from '../../src/guard/guard.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { FakeLog } from '../support/setup-context.ts';
import { FakeHost } from './fake-host.ts';

export const A = '192.0.2.1';
export const B = '2001:db8::1';
export const PLAN = { addresses: [A, B], dnsPort: 53, healthPort: undefined, leaseMs: 1_000 };

export function fakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export class Bench {
  readonly host: FakeHost;
  readonly log = new FakeLog();
  readonly metrics = new MetricRegistry();
  readonly guard: Guard;

  constructor(host: FakeHost, options: Partial<GuardOptions> = {}) {
    this.host = host;
    this.guard = new Guard({
      plan: PLAN,
      link: host,
      rules: host,
      instance: 'a',
      probeIntervalMs: 250,
      clock: SYSTEM_CLOCK,
      log: this.log,
      metrics: this.metrics,
      prober: host,
      canary: host,
      ...options,
    });
  }

  /** Starts it; with a server that answers, until it is intercepted. */
  static async intercepting(options: Partial<GuardOptions> = {}, host = new FakeHost()): Promise<Bench> {
    const bench = new Bench(host, options);
    host.answer = () => 'good';
    await bench.begin();
    await pass(1_000);
    expect(bench.guard.notReady()).toEqual([]);
    bench.log.lines.length = 0;
    host.takeDone();
    return bench;
  }

  async begin(): Promise<void> {
    const started = this.guard.start();
    await pass(20);
    await started;
  }

  /** Series of one family that are not 0, as `labels=value`. */
  counted(name: string): string[] {
    this.metrics.refresh();
    const family = [...this.metrics.families()].find((found) => found.name === name);
    return (family?.samples ?? []).flatMap((sample) =>
      'value' in sample && sample.value !== 0 ? [`${sample.labelValues.join(' ')}=${sample.value}`] : [],
    );
  }
}

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
