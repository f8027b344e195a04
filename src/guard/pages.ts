/** The guard's pages: that it runs, whether every address is served and if not why, and its numbers. Where they are open is the caller's. */
import type { HttpAnswer, HttpRoute } from '../observe/http-types.ts';
import type { MetricRegistry } from '../observe/metrics.ts';
import { takeSnapshot } from '../observe/snapshot.ts';
import { textExposition } from '../observe/text-exposition.ts';

/** @param address `host:port` or `:port`, as `HttpServers` takes it */
export function guardRoutes(
  address: string,
  guard: { readonly notReady: () => readonly string[] },
  metrics: MetricRegistry,
): HttpRoute[] {
  return [
    { address, path: '/health', answer: () => text(200, ['OK']) },
    { address, path: '/ready', answer: () => readiness(guard.notReady()) },
    { address, path: '/metrics', answer: () => textExposition(takeSnapshot(metrics)) },
  ];
}

const readiness = (lacking: readonly string[]): HttpAnswer =>
  lacking.length === 0 ? text(200, ['OK']) : text(503, lacking);

const text = (status: number, lines: readonly string[]): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${lines.join('\n')}\n`,
});
