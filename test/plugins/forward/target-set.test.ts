/** Upstreams that come and go while a line serves. */
import { beforeEach, expect, it, vi } from 'vitest';
import { UpstreamOrder } from '../../../src/plugins/forward/policy.ts';
import { TargetSet } from '../../../src/plugins/forward/target-set.ts';
import type { Target } from '../../../src/plugins/forward/tries.ts';
import type { UpstreamAddress } from '../../../src/upstream/upstream.ts';
import { FakeUpstream } from './fake-upstream.ts';

const on = (port: number): UpstreamAddress => ({ protocol: 'dns', host: '192.0.2.1', port });

class Targets {
  readonly made: FakeUpstream[] = [];
  readonly order = new UpstreamOrder<Target>([], 'sequential');
  readonly set = new TargetSet(({ port }) => {
    const upstream = new FakeUpstream(port);
    this.made.push(upstream);
    return upstream;
  }, this.order);

  use(...ports: readonly number[]): void {
    this.set.use(ports.map(on));
  }

  get labels(): string[] {
    return this.order.next().map(({ upstream }) => upstream.label.replace(/.*:/, ''));
  }

  get closed(): boolean[] {
    return this.made.map(({ isClosed }) => isClosed);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

it('are asked in the order in which they are named, from then on', () => {
  const targets = new Targets();
  targets.use(1, 2);
  const before = targets.order.next();
  targets.use(3, 1);
  expect(targets.labels).toEqual(['3', '1']);
  // Who has the list already goes on with it.
  expect(before.map(({ upstream }) => upstream.label)).toEqual(['192.0.2.1:1', '192.0.2.1:2']);
});

it('stay what they are, with all that is known of them, as long as they are wanted', () => {
  const targets = new Targets();
  targets.use(1, 2);
  targets.use(2, 3);
  expect(targets.made).toHaveLength(3);
  expect(targets.set.at(on(2))).toBe(targets.made[1]);
  expect(targets.set.at(on(1))).toBeUndefined();
});

it('are closed when what was on its way has ended, and no sooner', () => {
  const targets = new Targets();
  targets.use(1, 2);
  targets.use(2);
  vi.advanceTimersByTime(4_500);
  expect(targets.closed).toEqual([false, false]);
  vi.advanceTimersByTime(1_000);
  expect(targets.closed).toEqual([true, false]);
});

it('are not closed when they are wanted again meanwhile', () => {
  const targets = new Targets();
  targets.use(1);
  targets.use(2);
  targets.use(1);
  vi.advanceTimersByTime(60_000);
  expect(targets.made).toHaveLength(2);
  expect(targets.closed).toEqual([false, true]);
  targets.use();
  vi.advanceTimersByTime(60_000);
  targets.use(1);
  expect(targets.made).toHaveLength(3);
});

it('are closed at the end, those too that were about to go', () => {
  const targets = new Targets();
  targets.use(1, 2);
  targets.use(2);
  targets.set.close();
  expect(targets.closed).toEqual([true, true]);
});
