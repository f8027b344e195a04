/** What a plugin sees of the rest while it is set up and afterwards (`chain/plugin.ts` is the contract). */
import { Failure } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import type { Plugin, SetupContext } from '../chain/plugin.ts';
import { Query } from '../chain/query.ts';
import type { HttpRoute } from '../observe/http-types.ts';
import { askMessage } from '../wire/ask-message.ts';
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
}

export function setupContext(
  plugin: Plugin,
  block: Block,
  generation: ContextHost,
  surroundings: Surroundings,
  previous: ContextHost | undefined,
): SetupContext {
  const { clock, metrics, lenient } = surroundings;
  return {
    zones: block.zones,
    servers: block.servers,
    settings: block.settings,
    lenient,
    clock,
    metrics,
    log: surroundings.log.child(`plugin/${plugin.name}`),
    upstreams: block.upstreams,
    metricsPage: () => surroundings.metricsPage(),
    offerUpstream: (upstream) => block.upstreams.push(upstream),
    onStart: (run) => generation.hooks.start.push(run),
    onStop: (run) => generation.hooks.stop.push(run),
    onShutdown: (run) => generation.hooks.shutdown.push(run),
    http: (route) => generation.routes.push(route),
    readiness: (isReady) => generation.readiness.push({ plugin: plugin.name, isReady }),
    notReady: () => {
      const names = generation.readiness.filter(({ isReady }) => !isReady()).map((item) => item.plugin);
      return [...new Set(names)].toSorted();
    },
    carry: <State>(key: string, make: () => State) =>
      carry(`${placeOf(block)} ${key}`, make, generation, previous),
    resolve: (query, question) => resolve(query, question, generation),
  };
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

async function resolve(query: Query, question: Question, generation: ContextHost): Promise<Outcome> {
  if (query.depth >= MAX_LOOKUP_DEPTH) {
    return new Failure(SERVFAIL, `more than ${MAX_LOOKUP_DEPTH} lookups for one query`, 'serve');
  }
  const message = askMessage(question, {
    recursionDesired: true,
    checkingDisabled: query.checkingDisabled,
    dnssecOk: query.dnssecOk,
    edns: query.dnssecOk,
  });
  const inner = new Query();
  inner.read(message, message.length);
  inner.depth = query.depth + 1;
  // As a client of TCP: nothing is cut from what another answer is made of.
  inner.transport = 'tcp';
  inner.clientAddress = query.clientAddress;
  inner.clientPort = query.clientPort;
  inner.localAddress = query.localAddress;
  inner.localPort = query.localPort;
  inner.server = query.server;
  inner.receivedMs = query.receivedMs;
  const group = generation.groups.find(({ identity }) => identity === query.server);
  if (group === undefined) return new Failure(SERVFAIL, 'the server of this query is gone', 'serve');
  return group.handler.ask(inner);
}
