import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { withGuardNumbers, withServeNumbers } from '../../src/cli/guard-numbers.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import { offerNumbers } from '../../src/observe/numbers-socket.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';
import { FakeLog } from '../support/setup-context.ts';
import { tempFile } from '../support/temp-file.ts';

const ERRORS = 'coredns_nodecache_setup_errors_total';

function registry(errors: Readonly<Record<string, number>>, own: string): MetricRegistry {
  const metrics = new MetricRegistry();
  const family = metrics.counter(ERRORS, 'help', ['errortype']);
  for (const [type, count] of Object.entries(errors)) family.with(type).value = count;
  metrics.counter('both_total', 'help').with().value = own.length;
  metrics.counter(own, 'help').with().value = 1;
  return metrics;
}

it('shows errors of both processes as one family, and everything else once', async () => {
  const ours = takeSnapshot(registry({ configmap: 3 }, 'ours_total'));
  const ofGuard = takeSnapshot(registry({ iptables: 2, configmap: 0 }, 'of_guard_total'));
  const shown = await withGuardNumbers(ours, tempFile(JSON.stringify(ofGuard), 'guard.json'));
  const samplesOf = (name: string): unknown =>
    shown.filter((family) => family.name === name).map(({ samples }) => samples);
  expect(samplesOf(ERRORS)).toEqual([
    [
      { labelValues: ['configmap'], value: 3 },
      { labelValues: ['iptables'], value: 2 },
    ],
  ]);
  expect(samplesOf('both_total')).toEqual([[{ labelValues: [], value: 'ours_total'.length }]]);
  expect(samplesOf('ours_total')).toHaveLength(1);
  expect(samplesOf('of_guard_total')).toHaveLength(1);
});

const samplesIn = (page: readonly FamilySnapshot[], name: string): unknown =>
  page.find((family) => family.name === name)?.samples;

it('shows serve’s numbers on the guard’s page as on serve’s own', async () => {
  const name = `nodelocaldns-test-${randomUUID()}`;
  const ofServe = takeSnapshot(registry({ configmap: 3 }, 'ours_total'));
  const server = offerNumbers(name, () => Promise.resolve(ofServe), new FakeLog());
  onTestFinished(() => void server.close());
  const page = await withServeNumbers(registry({ iptables: 2, configmap: 0 }, 'of_guard_total'), name);
  expect(samplesIn(page, 'ours_total')).toEqual([{ labelValues: [], value: 1 }]);
  expect(samplesIn(page, 'nodelocaldns_guard_of_guard_total')).toEqual([{ labelValues: [], value: 1 }]);
  expect(samplesIn(page, 'process_open_fds')).toEqual(samplesIn(ofServe, 'process_open_fds'));
  expect(samplesIn(page, 'nodelocaldns_guard_process_open_fds')).toBeDefined();
  expect(samplesIn(page, ERRORS)).toEqual([
    { labelValues: ['configmap'], value: 3 },
    { labelValues: ['iptables'], value: 2 },
  ]);
});

it('shows the guard’s numbers alone while serve gives none', async () => {
  const page = await withServeNumbers(registry({ iptables: 2 }, 'of_guard_total'), randomUUID());
  expect(samplesIn(page, ERRORS)).toEqual([{ labelValues: ['iptables'], value: 2 }]);
  expect(samplesIn(page, 'process_open_fds')).toBeUndefined();
});
