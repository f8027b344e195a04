import { expect, it } from 'vitest';
import { guardFamilies } from '../../src/guard/guard-families.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';

it('keeps names that are the guard’s or node-cache’s, and makes all others the guard’s', () => {
  const metrics = new MetricRegistry();
  metrics.counter('nodelocaldns_guard_x_total', 'the guard’s').with().value = 3;
  metrics.counter('coredns_nodecache_setup_errors_total', 'of both', ['errortype']).with('iptables');
  metrics.counter('nodelocaldns_log_dropped_total', 'of each process').with().value = 7;
  const families = guardFamilies(metrics);
  const names = families.map(({ name }) => name);
  expect(names).toContain('nodelocaldns_guard_x_total');
  expect(names).toContain('coredns_nodecache_setup_errors_total');
  expect(names).toContain('nodelocaldns_guard_process_resident_memory_bytes');
  expect(names.filter((name) => !/^(?:nodelocaldns_guard_|coredns_)/.test(name))).toEqual([]);
  const dropped = families.find(({ name }) => name === 'nodelocaldns_guard_log_dropped_total');
  expect(dropped?.samples).toEqual([{ labelValues: [], value: 7 }]);
});
