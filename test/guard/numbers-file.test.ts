import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NumbersFile, guardFamilies } from '../../src/guard/numbers-file.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { readNumbersFile } from '../../src/observe/numbers-file.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/setup-context.ts';

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

it('leaves the numbers that the guard alone has, brought up to date', async () => {
  const metrics = someMetrics();
  const age = metrics.gauge('nodelocaldns_guard_age', 'ours').with();
  metrics.beforeScrape(() => (age.value = 5));
  const path = join(directory(), 'numbers.json');
  const file = new NumbersFile(path, metrics, new FakeLog());
  file.start();
  await eventually(async () => (await readNumbersFile(path, 5_000)).length > 0);
  const found = await readNumbersFile(path, 5_000);
  expect(found).toEqual(guardFamilies(metrics));
  expect(found.map(({ name }) => name)).toEqual([
    'coredns_nodecache_setup_errors_total',
    'nodelocaldns_guard_age',
    'nodelocaldns_guard_x_total',
  ]);
  expect(found[1].samples).toEqual([{ labelValues: [], value: 5 }]);
  await file.close();
});

it('can be read by another user, is written anew, and is gone in the end', async () => {
  const metrics = someMetrics();
  const where = directory();
  const path = join(where, 'numbers.json');
  const file = new NumbersFile(path, metrics, new FakeLog());
  file.start();
  await eventually(async () => (await readNumbersFile(path, 5_000)).length > 0);
  expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
  metrics.counter('nodelocaldns_guard_x_total', 'ours').with().value = 2;
  await eventually(async () => {
    const found = await readNumbersFile(path, 5_000);
    return JSON.stringify(found).includes('"value":2');
  });
  await file.close();
  expect(readdirSync(where)).toEqual([]);
});

it('says once what it cannot do, and does no harm', async () => {
  const log = new FakeLog();
  const file = new NumbersFile('/nonexistent/numbers.json', someMetrics(), log);
  file.start();
  await eventually(() => log.lines.length > 0);
  file.start();
  await file.close();
  expect(log.lines).toEqual([expect.stringMatching(/^warn numbers for serve's page: ENOENT/)]);
});
