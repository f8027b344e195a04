/** What a forger must not guess comes from the cryptographic generator: with the other one broken it is as it was. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loop } from '../../src/plugins/loop/setup.ts';
import { RandomIds } from '../../src/upstream/random-id.ts';
import { nameToText } from '../../src/wire/name.ts';
import { LastHandler, cursorOf, fakeContext, zonesOf } from '../support/setup-context.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockImplementation(() => {
    throw new Error('Math.random can be predicted');
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('ids do not come from Math.random', () => {
  const ids = new RandomIds();
  expect(new Set(Array.from({ length: 100 }, () => ids.next())).size).toBeGreaterThan(90);
  expect(ids.below(64)).toBeLessThan(64);
});

it.each([0, 1, 0xfffe, 0xffff])(
  'every id is found when it is the only one left, the first and the last too: %i',
  (free) => {
    expect(new RandomIds().nextFree({ has: (id) => id !== free })).toBe(free);
  },
);

it('names of probes do not come from Math.random', async () => {
  const asked: string[] = [];
  const context = fakeContext({ zones: zonesOf('.') });
  loop.setup(cursorOf('loop'), context)?.(new LastHandler());
  context.upstreams.push({
    label: '192.0.2.1:53',
    ask: (question) => {
      asked.push(nameToText(question.name));
      return Promise.resolve(new Uint8Array());
    },
    quarantine: () => undefined,
    release: () => undefined,
  });
  await context.start();
  context.clock.advance(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).not.toEqual([]);
  // 64 bits at least, in hexadecimal.
  expect(asked[0]).toMatch(/^[0-9a-f]{8,}\.[0-9a-f]{8,}\.$/);
});
