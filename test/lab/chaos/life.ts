/** A random life of `run` on a node: one misfortune after the other while pods and host ask, and a planned end, after which all is as it was. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../support/child.ts';
import { untilLocal } from '../support/daemons.ts';
import type { Namespace } from '../support/namespace.ts';
import { CLUSTER_IP } from '../support/plan.ts';
import type { Darkness } from './darkness.ts';
import { MISFORTUNES, living, startOne } from './misfortunes.ts';
import type { Life } from './misfortunes.ts';

export interface Event {
  readonly atMs: number;
  readonly what: string;
}

export interface LifeReport {
  readonly events: readonly Event[];
  readonly darkness: readonly (Darkness & { readonly client: string })[];
  /** What stood on the node before the first start, and after the last end. */
  readonly before: string;
  readonly after: string;
  readonly log: readonly string[];
}

/** Most misfortunes come alone, some before the last one is over. */
const PAUSE_MS = { least: 50, most: 2_500 };
/** A planned end waits for the lock of iptables, which is held for some seconds. */
const END_MS = 40_000;

/** @param forMs the misfortunes; start and end come on top */
export async function live(life: Life, forMs: number): Promise<LifeReport> {
  const { lab, dice } = life;
  const before = stateOf(lab.node);
  const events: Event[] = [];
  const note = (what: string): void => void events.push({ atMs: Date.now(), what });
  const watchers = { pod: watch(lab.pod1), host: watch(lab.node) };
  await Promise.all(Object.values(watchers).map((watcher) => watcher.waitForLine(/^watching$/)));
  startOne(life);
  await untilLocal(lab.pod1, lab.node);
  const endMs = Date.now() + forMs;
  while (Date.now() < endMs) {
    const what = dice.of(Object.keys(MISFORTUNES));
    note(what);
    await MISFORTUNES[what]?.(life);
    await delay(dice.between(PAUSE_MS.least, PAUSE_MS.most));
    if (living(life).length === 0) {
      note('started');
      startOne(life);
    }
  }
  note('planned end');
  await endAll(life);
  const darkness: (Darkness & { client: string })[] = [];
  for (const [client, watcher] of Object.entries(watchers)) {
    await watcher.stop();
    for (const line of watcher.lines().filter((text) => text.startsWith('{'))) {
      darkness.push({ client, ...(JSON.parse(line) as Darkness) });
    }
  }
  const log = life.runs.flatMap(({ child }, index) => child.lines().map((line) => `${index}: ${line}`));
  return { events, darkness, before, after: stateOf(lab.node), log };
}

const watch = (client: Namespace): Child =>
  client.start([process.execPath, `${import.meta.dirname}/watcher.ts`, ...Object.values(CLUSTER_IP)]);

/** One that stays is started last, so that what killed ones left is somebody's to take away. */
async function endAll(life: Life): Promise<void> {
  for (const { child } of living(life)) child.signal('SIGTERM');
  await ended(life);
  const last = startOne(life);
  await untilLocal(life.lab.pod1, life.lab.node);
  last.child.signal('SIGTERM');
  await ended(life);
}

async function ended(life: Life): Promise<void> {
  const late = delay(END_MS, 'late' as const, { ref: false });
  const all = Promise.all(life.runs.map(({ child }) => child.ended));
  if ((await Promise.race([all, late])) === 'late') {
    const lines = living(life).flatMap(({ child }) => child.lines());
    throw new Error(`not ended within ${END_MS} ms; it printed:\n${lines.join('\n')}`);
  }
}

/** The kernel makes this table when it is first looked at, and keeps it until its module goes. */
const EMPTY_LEGACY_RAW = /^\*raw\n(?::.*\n)*COMMIT\n/gm;

/** Rules, interfaces, addresses and routes: all that is configured, and nothing that is counted. */
function stateOf(node: Namespace): string {
  const texts = [
    ['nft', 'list', 'ruleset'],
    ...['iptables', 'ip6tables'].map((tool) => [`${tool}-legacy-save`]),
    ['ip', '-o', 'link'],
    ['ip', '-o', 'address'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
  ].map(([command = '', ...args]) => node.run(command, ...args));
  return texts
    .join('\n')
    .replaceAll(EMPTY_LEGACY_RAW, '')
    .replaceAll(/counter packets \d+ bytes \d+ |^#.*\n|\[\d+:\d+\]/gm, '');
}
