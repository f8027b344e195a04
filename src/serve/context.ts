/** What a plugin sees of the rest while it is set up and afterwards (`chain/plugin.ts` is the contract). */
import { innerQuery } from '../chain/inner-query.ts';
import { Failure, REPLY } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import type { Plugin, SetupContext } from '../chain/plugin.ts';
import type { Query } from '../chain/query.ts';
import type { HttpRoute } from '../observe/http-types.ts';
import type { Question } from '../wire/ask-message.ts';
import { SERVFAIL } from '../wire/registry.ts';
import type { Block } from './block.ts';
import type { ServerGroup } from './servers.ts';
import type { Surroundings } from './surroundings.ts';

/** Lookups that may stand between a client's query and one that it caused: a chain of CNAMEs through templates ends here. */
const MAX_LOOKUP_DEPTH = 8;

/** What a configuration keeps of what its plugins tell. */
export interface ContextHost {
  readonly hooks: {
    readonly start: (() => void | Promise<void>)[];
    readonly stop: (() => void | Promise<void>)[];
    readonly shutdown: (() => void)[];
  };
  readonly routes: HttpRoute[];
  readonly readiness: { readonly plugin: string; readonly isReady: () => boolean }[];
  /** State that the next configuration may take over. */
  readonly carried: Map<string, unknown>;
  readonly groups: readonly ServerGroup[];
  /** Processes that share the memory for caches. */
  readonly workers: number;
}

export function setupContext(
  plugin: Plugin,
  block: Block,
  generation: ContextHost,
  surroundings: Surroundings,
  previous: ContextHost | undefined,
): SetupContext {
  const { clock, metrics, lenient, opensPages } = surroundings;
  return {
    zones: block.zones,
    servers: block.servers,
    settings: block.settings,
    lenient,
    opensPages,
    cacheOctets: () => Math.floor(surroundings.cacheOctets / generation.workers),
    clock,
    channels: surroundings.channels,
    metrics,
    log: surroundings.log.child(`plugin/${plugin.name}`),
    upstreams: block.upstreams,
    metricsPage: () => surroundings.metricsPage(),
    explain: (fact) => block.facts.push(fact),
    offerUpstream: (upstream) => block.upstreams.push(upstream),
    onStart: (run) => generation.hooks.start.push(run),
    onStop: (run) => generation.hooks.stop.push(run),
    onShutdown: (run) => generation.hooks.shutdown.push(run),
    http: (route) => generation.routes.push(route),
    readiness: (isReady) => generation.readiness.push({ plugin: plugin.name, isReady }),
    notReady: () => [...notReady(generation), ...surroundings.alsoNotReady()],
    carry: <State>(key: string, make: () => State) =>
      carry(`${placeOf(block)} ${key}`, make, generation, previous),
    processWide: <State>(key: string, make: () => State) => madeOnce(surroundings.shared, key, make),
    resolve: (query, question) => resolve(query, question, generation),
  };
}

/** The plugins of a configuration that are not ready, each once, in the order of the alphabet. */
export function notReady({ readiness }: Pick<ContextHost, 'readiness'>): string[] {
  const names = readiness.filter(({ isReady }) => !isReady()).map(({ plugin }) => plugin);
  return [...new Set(names)].toSorted();
}

/** What tells one server block from the others across generations. */
const placeOf = (block: Block): string => JSON.stringify([block.label, block.settings.bindAddresses]);

function carry<State>(
  key: string,
  make: () => State,
  generation: ContextHost,
  previous: ContextHost | undefined,
): State {
  const state = previous?.carried.has(key) === true ? (previous.carried.get(key) as State) : make();
  generation.carried.set(key, state);
  return state;
}

function madeOnce<State>(shared: Map<string, unknown>, key: string, make: () => State): State {
  const state = shared.has(key) ? (shared.get(key) as State) : make();
  shared.set(key, state);
  return state;
}

async function resolve(query: Query, question: Question, generation: ContextHost): Promise<Outcome> {
  if (query.depth >= MAX_LOOKUP_DEPTH) {
    return new Failure(SERVFAIL, `more than ${MAX_LOOKUP_DEPTH} lookups for one query`, 'serve');
  }
  const group = generation.groups.find(({ identity }) => identity === query.server);
  if (group === undefined) return new Failure(SERVFAIL, 'the server of this query is gone', 'serve');
  const outcome = group.handler.ask(innerQuery(query, question));
  if (outcome instanceof Promise) return outcome;
  // Whoever waits for this goes on after other queries were answered.
  return outcome.kind === REPLY ? outcome.kept() : outcome;
}
