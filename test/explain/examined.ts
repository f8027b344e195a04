/** A Corefile examined as `check` does it, on a host whose only addresses are those that a test gives. */
import type { ServerBlock } from '../../src/corefile/parse.ts';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { explain } from '../../src/explain/explanation.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import type { Warning } from '../../src/explain/warning.ts';
import { warningsOf } from '../../src/explain/warnings.ts';
import { KNOWN_DIRECTIVES } from '../../src/plugins/index.ts';
import { Generation } from '../../src/serve/generation.ts';
import { Presence } from '../../src/serve/presence.ts';
import { ServerRegistry } from '../../src/serve/server-registry.ts';
import { parseText } from '../corefile/parse-text.ts';
import { FakeLog, FakeMetrics } from '../support/setup-context.ts';

export interface SetUp {
  readonly sources: readonly ServerBlock[];
  readonly generation: Generation;
  /** What plugins said, as `LEVEL plugin/NAME: MESSAGE`. */
  readonly logLines: readonly string[];
}

/** As the daemon sets a Corefile up before it opens anything. @throws Error with the daemon's message */
export function setUp(sources: readonly ServerBlock[]): SetUp {
  const log = new FakeLog();
  const generation = new Generation(sources, {
    clock: SYSTEM_CLOCK,
    log,
    metrics: new FakeMetrics(),
    servers: new ServerRegistry(),
    shared: new Map(),
    cacheOctets: 0,
    defaultPort: 53,
    lenient: false,
    opensPages: false,
    alsoNotReady: () => [],
    presence: new Presence('test'),
    metricsPage: () => Promise.reject(new Error('nothing is served here')),
  });
  return { sources, generation, logLines: log.lines };
}

export function explained(text: string): Explanation {
  const sources = parseText(text, { directives: KNOWN_DIRECTIVES });
  return explain(sources, setUp(sources).generation);
}

export const warningsIn = (text: string, hostAddresses: readonly string[] = []): Warning[] =>
  warningsOf(explained(text), hostAddresses);
