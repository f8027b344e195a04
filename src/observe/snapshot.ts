/** All numbers of this process at one moment, as plain data: what a page is rendered from, and what one process gives another. */
import type { FamilySnapshot, MetricRegistry } from './metrics.ts';
import { processFamilies } from './process-metrics.ts';

/** Brings gauges up to date first. In no particular order. */
export function takeSnapshot(registry: MetricRegistry): FamilySnapshot[] {
  registry.refresh();
  return [...registry.families(), ...processFamilies()];
}
