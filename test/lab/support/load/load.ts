/** Starts the process that asks, in a namespace, and reads what it gives back. */
import { join } from 'node:path';
import type { Child } from '../../../support/child.ts';
import type { Namespace } from '../namespace.ts';
import { CLUSTER_IP, FAMILIES, WHO } from '../plan.ts';
import type { LoadOptions, LoadResult } from './options.ts';

export interface Load {
  readonly child: Child;
  /** Lets it end, and what is on its way arrive. */
  stop(): Promise<LoadResult>;
  /** For a load with a count: resolves when it has ended by itself. */
  result(timeoutMs: number): Promise<LoadResult>;
}

const GENERATOR = join(import.meta.dirname, 'generator.ts');
/** A little behind the programs of the node: all clients of a node together are one or two processes here, and never sleep. */
const POLITELY = ['nice', '-n', '3'] as const;
const RESULT = /^\{"startNs"/;
const LAST_ANSWERS_MS = 10_000;

/** What a load of the table is: both families at 1,000 queries per second each, without end. */
const DEFAULTS: LoadOptions = {
  targets: FAMILIES.map((family) => ({ name: family, address: CLUSTER_IP[family] })),
  rate: 1_000,
  pattern: 'mixed',
  question: WHO,
  count: 0,
  ticks: false,
};

/** Resolves when the first query is about to leave. */
export async function startLoad(client: Namespace, options: Partial<LoadOptions> = {}): Promise<Load> {
  const program = [process.execPath, GENERATOR, JSON.stringify({ ...DEFAULTS, ...options })];
  const child = client.start([...POLITELY, ...program]);
  await child.waitForLine(/^sending$/);
  const result = async (timeoutMs: number): Promise<LoadResult> =>
    JSON.parse(await child.waitForLine(RESULT, timeoutMs)) as LoadResult;
  return {
    child,
    result,
    stop() {
      child.signal('SIGTERM');
      return result(LAST_ANSWERS_MS);
    },
  };
}

/** A load with a count, from its start to its end. */
export async function runLoad(
  client: Namespace,
  options: Partial<LoadOptions> & Pick<LoadOptions, 'count'>,
): Promise<LoadResult> {
  const { rate, count } = { ...DEFAULTS, ...options };
  const load = await startLoad(client, options);
  return load.result((count / rate) * 1_000 + LAST_ANSWERS_MS);
}
