import { expect, it } from 'vitest';
import { exposeFamilies } from '../../src/observe/exposition.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';
import { textExposition } from '../../src/observe/text-exposition.ts';
import { parseExposition } from './parse-exposition.ts';

function manyFamilies(): FamilySnapshot[] {
  const metrics = new MetricRegistry();
  metrics.counter('z_total', 'No labels.').with().value = 3;
  metrics.counter('empty_total', 'No series.', ['a']);
  const odd = metrics.gauge('odd_values', 'Help with \\ and\na line and "quotes".', ['one', 'two']);
  odd.with('', 'plain').value = 0.1 + 0.2;
  odd.with('quote " backslash \\ line\nend', 'é 漢 😀').value = -1e-7;
  odd.with('\uD800', 'half a pair').value = 1e21;
  odd.with('infinite', '+').value = Infinity;
  odd.with('infinite', '-').value = -Infinity;
  const bounds = [0.005, 0.1, 1, 2.5, 1e6];
  const one = metrics.histogram('took_seconds', 'With labels.', ['operation', 'path'], bounds);
  one.with('arm', 'a"b').observe(0.05);
  one.with('arm', 'a"b').observe(7e6);
  one.with('disarm', 'c').observe(1);
  metrics.histogram('bare_seconds', 'Without labels.', [], bounds).with().observe(0.1);
  return takeSnapshot(metrics);
}

it('renders what prom-client renders, octet for octet', async () => {
  const families = manyFamilies();
  expect(textExposition(families)).toEqual(await exposeFamilies(families));
});

it('renders a page that a strict reader takes', () => {
  const { body } = textExposition(manyFamilies());
  const took = parseExposition(body).get('took_seconds');
  expect(took?.type).toBe('histogram');
  expect(took?.series.find(({ name }) => name === 'took_seconds_count')?.value).toBe(2);
});

it('renders a page of nothing', async () => {
  expect(textExposition([])).toEqual(await exposeFamilies([]));
});
