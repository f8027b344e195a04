import { describe, expect, it } from 'vitest';
import type { TcpTimeouts } from '../../../src/chain/plugin.ts';
import { timeouts } from '../../../src/plugins/timeouts/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

function settingsOf(corefile: string): TcpTimeouts | undefined {
  const context = fakeContext();
  expect(timeouts.setup(cursorOf(corefile), context)).toBeUndefined();
  return context.settings.timeouts;
}

const DAY_MS = 86_400_000;

describe('timeouts', () => {
  it.each<[string, TcpTimeouts]>([
    ['read 1s', { readMs: 1_000 }],
    ['write 1m30s', { writeMs: 90_000 }],
    ['idle 24h', { idleMs: DAY_MS }],
    ['idle 86400', { idleMs: DAY_MS }],
    ['read 5\n write 6\n idle 7', { readMs: 5_000, writeMs: 6_000, idleMs: 7_000 }],
    ['maxtcpqueries 128', { maxQueries: 128 }],
    ['maxtcpqueries -1', { maxQueries: Infinity }],
    ['read 5\n read 6', { readMs: 6_000 }],
  ])('%j', (options, settings) => {
    expect(settingsOf(`timeouts {\n ${options}\n}`)).toEqual(settings);
  });

  it.each([
    ['timeouts', 'Corefile:1 - Error during parsing: timeouts block with no timeouts specified'],
    ['timeouts {\n}', 'Error during parsing: timeouts block with no timeouts specified'],
    ['timeouts 5s', "Wrong argument count or unexpected line ending after '5s'"],
    [
      'timeouts {\n read\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'read'",
    ],
    ['timeouts {\n read 5s 6s\n}', "Wrong argument count or unexpected line ending after '6s'"],
    ['timeouts {\n read 500ms\n}', "timeout provided '500ms' needs to be between 1 second and 24 hours"],
    ['timeouts {\n idle 0\n}', "timeout provided '0s' needs to be between 1 second and 24 hours"],
    ['timeouts {\n write -5\n}', "timeout provided '-5s' needs to be between 1 second and 24 hours"],
    ['timeouts {\n write 86401\n}', "timeout provided '24h0m1s' needs to be between 1 second and 24 hours"],
    ['timeouts {\n read soon\n}', "failed to parse duration 'soon'"],
    ['timeouts {\n connect 5s\n}', "unknown option: 'connect'"],
    ['timeouts {\n maxtcpqueries\n}', "Wrong argument count or unexpected line ending after 'maxtcpqueries'"],
    ['timeouts {\n maxtcpqueries x\n}', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['timeouts {\n maxtcpqueries 0\n}', 'maxtcpqueries must be a positive integer or -1'],
  ])('%j is refused', (corefile, message) => {
    expect(() => settingsOf(corefile)).toThrow(message);
  });
});
