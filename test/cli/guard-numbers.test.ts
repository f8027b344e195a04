import { expect, it } from 'vitest';
import { withGuardNumbers } from '../../src/cli/guard-numbers.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';
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
