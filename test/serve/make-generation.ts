/** Configurations made from text, with everything around them held in memory. */
import { KNOWN_DIRECTIVES } from '../../src/plugins/index.ts';
import { Generation } from '../../src/serve/generation.ts';
import { Presence } from '../../src/serve/presence.ts';
import { ServerRegistry } from '../../src/serve/server-registry.ts';
import type { Surroundings } from '../../src/serve/surroundings.ts';
import { parseText } from '../corefile/parse-text.ts';
import { FakeClock, FakeLog, FakeMetrics } from '../support/setup-context.ts';

export interface FakeSurroundings extends Surroundings {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly metrics: FakeMetrics;
}

/** Port 53 for keys that name none. */
export const fakeSurroundings = (): FakeSurroundings => ({
  clock: new FakeClock(),
  log: new FakeLog(),
  metrics: new FakeMetrics(),
  servers: new ServerRegistry(),
  presence: new Presence('test'),
  defaultPort: 53,
  lenient: false,
  cacheOctets: 64 * 1024 * 1024,
  shared: new Map(),
  opensPages: true,
  alsoNotReady: () => [],
  metricsPage: () => Promise.resolve({ status: 200, contentType: 'text/plain', body: '' }),
});

/** The configuration that this Corefile describes. @throws what its user would be told */
export function generationOf(
  corefile: string,
  surroundings: Surroundings = fakeSurroundings(),
  previous?: Generation,
): Generation {
  return new Generation(parseText(corefile, { directives: KNOWN_DIRECTIVES }), surroundings, previous);
}
