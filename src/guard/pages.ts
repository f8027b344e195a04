/**
 * The guard's pages: that it runs, whether every address is served and if not why, and numbers. Where they are open, and whose
 * numbers they show, is the caller's.
 */
import type { HttpAnswer, HttpRoute } from '../observe/http-types.ts';
import type { FamilySnapshot } from '../observe/metrics.ts';
import { textExposition } from '../observe/text-exposition.ts';

/**
 * @param address `host:port` or `:port`, as `HttpServers` takes it
 * @param numbers what `/metrics` shows, as it is at that moment
 */
export function guardRoutes(
  address: string,
  guard: { readonly notReady: () => readonly string[] },
  numbers: () => readonly FamilySnapshot[] | Promise<readonly FamilySnapshot[]>,
): HttpRoute[] {
  return [
    { address, path: '/health', answer: () => text(200, ['OK']) },
    { address, path: '/ready', answer: () => readiness(guard.notReady()) },
    { address, path: '/metrics', answer: async () => textExposition(await numbers()) },
  ];
}

const readiness = (lacking: readonly string[]): HttpAnswer =>
  lacking.length === 0 ? text(200, ['OK']) : text(503, lacking);

const text = (status: number, lines: readonly string[]): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${lines.join('\n')}\n`,
});
