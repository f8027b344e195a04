import { describe, expect, it } from 'vitest';
import { hostPort, timerMs } from '../../src/upstream/settings.ts';

it.each([
  ['10.0.0.10', '10.0.0.10:53'],
  ['2001:db8::1', '[2001:db8::1]:53'],
])('%s with a port is written %s', (host, text) => {
  expect(hostPort(host, 53)).toBe(text);
});

describe('timerMs', () => {
  it.each([
    ['a fraction', 1.2, 2],
    ['nothing', 0, 1],
    ['the past', -5, 1],
    ['more than a timer takes', 2 ** 31, 2 ** 31 - 1],
    ['for ever', Infinity, 2 ** 31 - 1],
  ])('makes of %s what a timer takes', (_what, ms, expected) => {
    expect(timerMs(ms)).toBe(expected);
  });
});
