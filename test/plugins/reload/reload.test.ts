import { describe, expect, it } from 'vitest';
import { reload } from '../../../src/plugins/reload/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

function settings(text: string): FakeContext['settings']['reload'] {
  const context = fakeContext();
  expect(reload.setup(cursorOf(text), context)).toBeUndefined();
  return context.settings.reload;
}

describe('reload', () => {
  it.each([
    { text: 'reload', intervalMs: 30_000, jitterMs: 15_000 },
    { text: 'reload 10s', intervalMs: 10_000, jitterMs: 5_000 },
    { text: 'reload 1m', intervalMs: 60_000, jitterMs: 15_000 },
    { text: 'reload 1m 10s', intervalMs: 60_000, jitterMs: 10_000 },
    { text: 'reload 10s 9s', intervalMs: 10_000, jitterMs: 5_000 },
    { text: 'reload 2s 0', intervalMs: 2_000, jitterMs: 0 },
    { text: 'reload 2s 1s', intervalMs: 2_000, jitterMs: 1_000 },
  ])('$text', ({ text, intervalMs, jitterMs }) => {
    expect(settings(text)).toEqual({ intervalMs, jitterMs });
  });

  it.each([
    { text: 'reload 1999ms', error: 'interval value must be greater or equal to 2s' },
    { text: 'reload -5s', error: 'interval value must be greater or equal to 2s' },
    { text: 'reload 10s 999ms', error: 'jitter value must be 0 or greater or equal to 1s' },
    { text: 'reload 10s -1s', error: 'jitter value must be 0 or greater or equal to 1s' },
    { text: 'reload 10', error: 'time: missing unit in duration "10"' },
    { text: 'reload 10s x', error: 'time: invalid duration "x"' },
    { text: 'reload 10s 2s 3s', error: "Wrong argument count or unexpected line ending after '3s'" },
  ])('refuses: $text', ({ text, error }) => {
    expect(() => settings(text)).toThrow(`Corefile:1 - Error during parsing: ${error}`);
  });
});
