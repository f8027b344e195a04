/**
 * What a Corefile means, as data: what each server block serves, where, from which upstreams and with which cache bounds. It is put together
 * from what was set up, not from the text, so that it says what would happen; how it is shown is `describe.ts`, what is wrong with it
 * `warnings.ts`.
 */
import type { CacheFacts, Fact, ForwardFacts } from '../chain/facts.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import type { Token } from '../corefile/token.ts';
import type { Generation } from '../serve/generation.ts';
import { endpointText } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';

export interface Explanation {
  readonly blocks: readonly BlockExplanation[];
  /** `address/path` of each page that is shown over HTTP. */
  readonly pages: readonly string[];
  /** How often the Corefile is looked at; null for only when told to. In milliseconds. */
  readonly reload: { readonly intervalMs: number; readonly jitterMs: number } | null;
  readonly lameduckMs: number;
  /** Processes that answer side by side. */
  readonly workers: number;
}

export interface BlockExplanation {
  /** `file:line` of its first key. */
  readonly place: string;
  /** As written. */
  readonly keys: readonly string[];
  readonly zones: readonly ServedZone[];
  readonly listens: readonly Endpoint[];
  /** Names of the plugins that a query passes, in their order. */
  readonly handlers: readonly string[];
  readonly forward: readonly ForwardExplanation[];
  readonly cache: CacheExplanation | null;
  /** Every directive as written, an entry for each of its lines, without what stands in braces. */
  readonly directives: readonly DirectiveLine[];
}

export interface ServedZone {
  /** In lower case with final dot. */
  readonly zone: string;
  readonly port: number;
}

export interface ForwardExplanation extends ForwardFacts {
  /** Files among the line's arguments, whose name servers are among the upstreams. */
  readonly files: readonly string[];
}

export interface CacheExplanation extends CacheFacts {
  readonly place: string;
}

export interface DirectiveLine {
  readonly place: string;
  readonly words: readonly string[];
}

/** @param sources what `generation` was made of */
export function explain(sources: readonly ServerBlock[], generation: Generation): Explanation {
  const { blocks, groups, routes, lameduckMs, workers } = generation;
  const reloads = blocks.flatMap(({ settings }) => settings.reload ?? []);
  return {
    blocks: blocks.map((block, index): BlockExplanation => {
      const directives = directivesOf(sources[index]);
      return {
        place: block.place,
        keys: sources[index].keys,
        zones: block.zones.map(({ text, index: at }) => ({ zone: text, port: block.ports[at] })),
        listens: groups
          .filter(({ identity }) => block.servers.includes(identity))
          .map(({ address, port }) => ({ address, port })),
        handlers: block.makers.map(({ plugin }) => plugin.name),
        forward: block.facts.filter(isForward).map((facts) => withFiles(facts, directives)),
        cache: cacheOf(block.facts, directives),
        directives,
      };
    }),
    pages: [...new Set(routes.map(({ address, path }) => address + path))],
    reload: reloads.at(-1) ?? null,
    lameduckMs,
    workers,
  };
}

/** How a block is called where there are several. */
export const titleOf = ({ keys, place }: BlockExplanation): string => `${keys.join(' ')} (${place})`;

/** `[address]:port` of all places where a block listens. */
export const listensText = ({ listens }: BlockExplanation): string => listens.map(endpointText).join(', ');

const isForward = (fact: Fact): fact is ForwardFacts => fact.kind === 'forward';

const withFiles = (facts: ForwardFacts, directives: readonly DirectiveLine[]): ForwardExplanation => ({
  ...facts,
  files: filesOf(facts, directives),
});

function cacheOf(facts: readonly Fact[], directives: readonly DirectiveLine[]): CacheExplanation | null {
  const cache = facts.find((fact) => fact.kind === 'cache');
  const line = directives.find(({ words }) => words[0] === 'cache');
  return cache === undefined || line === undefined ? null : { ...cache, place: line.place };
}

/** What is no address has to be a file, or it would not have been taken. */
function filesOf({ place, upstreams }: ForwardFacts, directives: readonly DirectiveLine[]): string[] {
  const line = directives.find(({ words, place: at }) => words[0] === 'forward' && at === place);
  const [, , ...targets] = line?.words ?? [];
  return targets.filter((target) => !upstreams.some(({ host }) => target.includes(host)));
}

function directivesOf({ directives }: ServerBlock): DirectiveLine[] {
  return [...directives.entries()].flatMap(([name, tokens]) => linesOf(name, tokens));
}

/** The lines of one directive, which may stand in a block several times: each begins with its name, outside of braces. */
function linesOf(name: string, tokens: readonly Token[]): DirectiveLine[] {
  const lines: { place: string; words: string[] }[] = [];
  let depth = 0;
  for (const { text, file, line } of tokens) {
    if (text === '}') depth -= 1;
    const begins = depth === 0 && text === name && lines.at(-1)?.place !== `${file}:${line}`;
    if (begins) lines.push({ place: `${file}:${line}`, words: [text] });
    else if (depth === 0 && text !== '{' && text !== '}') lines.at(-1)?.words.push(text);
    if (text === '{') depth += 1;
  }
  return lines;
}
