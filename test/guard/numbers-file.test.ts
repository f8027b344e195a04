import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { NumbersFile } from '../../src/guard/numbers-file.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { readNumbersFile } from '../../src/observe/numbers-file.ts';
import { FakeLog } from '../support/setup-context.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'nodelocaldns-guard-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function someMetrics(): MetricRegistry {
  const metrics = new MetricRegistry();
  metrics.counter('nodelocaldns_guard_x_total', 'ours').with().value = 1;
  metrics.counter('coredns_nodecache_setup_errors_total', 'ours', ['errortype']).with('iptables');
  metrics.counter('nodelocaldns_log_dropped_total', 'of each process').with();
  return metrics;
}

it('leaves the numbers of the guard, brought up to date', async () => {
  const metrics = someMetrics();
  const age = metrics.gauge('nodelocaldns_guard_age', 'ours').with();
  metrics.beforeScrape(() => (age.value = 5));
  const path = join(directory(), 'numbers.json');
  const file = new NumbersFile(path, metrics, new FakeLog());
  file.start();
  const found = await readNumbersFile(path, 5_000);
  const samplesOf = (name: string): unknown => found.find((family) => family.name === name)?.samples;
  expect(samplesOf('nodelocaldns_guard_age')).toEqual([{ labelValues: [], value: 5 }]);
  expect(samplesOf('nodelocaldns_guard_x_total')).toEqual([{ labelValues: [], value: 1 }]);
  expect(samplesOf('coredns_nodecache_setup_errors_total')).toEqual([
    { labelValues: ['iptables'], value: 0 },
  ]);
  file.close();
});

it('can be read by another user, is written anew, and is gone in the end', async () => {
  const metrics = someMetrics();
  const where = directory();
  const path = join(where, 'numbers.json');
  const file = new NumbersFile(path, metrics, new FakeLog());
  file.start();
  expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
  metrics.counter('nodelocaldns_guard_x_total', 'ours').with().value = 2;
  const written = async (): Promise<unknown> =>
    (await readNumbersFile(path, 5_000)).find(({ name }) => name === 'nodelocaldns_guard_x_total')?.samples;
  expect(await written()).toEqual([{ labelValues: [], value: 1 }]);
  vi.advanceTimersByTime(5_000);
  expect(await written()).toEqual([{ labelValues: [], value: 2 }]);
  file.close();
  expect(readdirSync(where)).toEqual([]);
});

it('says once what it cannot do, and does no harm', () => {
  const log = new FakeLog();
  const file = new NumbersFile('/nonexistent/numbers.json', someMetrics(), log);
  file.start();
  vi.advanceTimersByTime(10_000);
  file.close();
  expect(log.lines).toEqual([expect.stringMatching(/^warn numbers for serve's page: ENOENT/)]);
});
