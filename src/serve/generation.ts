/**
 * One configuration of the daemon, from its text to its end: blocks set up, servers laid out, hooks to start and stop it. Making one opens
 * nothing, so it serves `check` and `reload` alike; a reload makes the next one while this one serves.
 */
import type { Zone } from '../chain/identity.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { CorefileError } from '../corefile/corefile-error.ts';
import { Cursor } from '../corefile/cursor.ts';
import type { Token } from '../corefile/token.ts';
import { hashServerBlocks } from '../corefile/hash.ts';
import { parseZoneKey } from '../corefile/zone-key.ts';
import type { HttpRoute } from '../observe/http-types.ts';
import type { Log } from '../observe/log-types.ts';
import { PLUGINS } from '../plugins/index.ts';
import { foldInto, nameFromText } from '../wire/name.ts';
import { buildChain, defaultSettings } from './block.ts';
import type { Block } from './block.ts';
import { setupContext } from './context.ts';
import type { ContextHost } from './context.ts';
import { missingPlugin } from './missing-plugins.ts';
import type { InFlight } from './root-handler.ts';
import { layOutServers } from './servers.ts';
import type { ServerGroup } from './servers.ts';
import type { Surroundings } from './surroundings.ts';

export class Generation implements ContextHost, InFlight {
  readonly blocks: Block[] = [];
  readonly hooks: ContextHost['hooks'] = { start: [], stop: [], shutdown: [] };
  readonly routes: HttpRoute[] = [];
  readonly readiness: ContextHost['readiness'] = [];
  /** State that a later generation may take over (`SetupContext.carry`). */
  readonly carried = new Map<string, unknown>();
  readonly hash: string;
  groups: ServerGroup[] = [];
  /** Queries whose answer is waited for. */
  inFlight = 0;

  /**
   * Sets up everything that `serverBlocks` say.
   * @param previous the generation that serves now, whose state may be taken over.
   * @throws CorefileError or Error with the whole message for the user.
   */
  constructor(serverBlocks: readonly ServerBlock[], surroundings: Surroundings, previous?: Generation) {
    this.hash = hashServerBlocks(serverBlocks);
    for (const source of serverBlocks) refuseMissingPlugins(source);
    const parsed = serverBlocks.map((source) => ({
      source,
      block: makeBlock(source, surroundings.defaultPort),
    }));
    this.blocks.push(...parsed.map(({ block }) => block));
    // Plugin by plugin, and block by block within each: `bind` of every block is done before the first `cache`.
    for (const plugin of PLUGINS) {
      for (const { source, block } of parsed) {
        const tokens = source.directives.get(plugin.name);
        if (tokens === undefined) continue;
        const context = setupContext(plugin, block, this, surroundings, previous);
        const make = named(plugin.name, tokens[0], () =>
          plugin.setup(new Cursor(source.file, tokens), context),
        );
        if (make !== undefined) block.makers.push({ plugin, make });
      }
    }
    for (const block of this.blocks) buildChain(block);
    this.groups = layOutServers(this.blocks, this, surroundings);
    // It would answer nobody; without a page the process would end at once, and with success.
    if (this.groups.length === 0 && this.blocks.length > 0)
      throw new Error('no server block listens anywhere: their bind lines leave no address');
  }

  async start(): Promise<void> {
    for (const run of this.hooks.start) await run();
  }

  /** Every hook runs, whatever becomes of the others. */
  async stop(log: Log): Promise<void> {
    for (const run of this.hooks.stop) {
      try {
        await run();
      } catch (error) {
        log.error(`while a plugin was stopped: ${String(error)}`);
      }
    }
  }

  /**
   * How many processes serve this configuration, this one included; the same number in each of them. What the machine has for all of them
   * together (a budget of memory, say) is to be divided by it.
   */
  get workers(): number {
    return Math.max(1, ...this.blocks.map(({ settings }) => settings.workers ?? 1));
  }

  get lameduckMs(): number {
    return Math.max(0, ...this.blocks.map(({ settings }) => settings.lameduckMs));
  }
}

function makeBlock(source: ServerBlock, defaultPort: number): Block {
  const zones: Zone[] = [];
  const ports: number[] = [];
  for (const key of source.keys) {
    for (const { scheme, zone, port } of inspected(source, () => parseZoneKey(key, defaultPort))) {
      if (scheme !== 'dns') {
        throw new Error(
          `${source.file}:${source.line} - cannot serve ${scheme}://${zone}:${port} - only dns:// is served here`,
        );
      }
      zones.push({ text: zone, name: foldedName(zone), index: zones.length });
      ports.push(port);
    }
  }
  return {
    label: source.keys.join(' '),
    place: `${source.file}:${source.line}`,
    zones,
    ports,
    settings: defaultSettings(),
    servers: [],
    upstreams: [],
    facts: [],
    makers: [],
    chain: undefined,
  };
}

function foldedName(zone: string): Uint8Array {
  const name = nameFromText(zone);
  foldInto(name, 0, name.length, name, 0);
  return name;
}

/** Errors of the key readers know nothing of files; here they get the place of their block. */
function inspected<Result>(source: ServerBlock, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error(`${source.file}:${source.line} - error inspecting server blocks: ${error.message}`, {
      cause: error,
    });
  }
}

/** Errors of a setup get the plugin's name, and the place of its directive where they carry none of their own. */
function named<Result>(plugin: string, place: Token, setUp: () => Result): Result {
  try {
    return setUp();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const where = error instanceof CorefileError ? '' : `${place.file}:${place.line} - `;
    throw new Error(`plugin/${plugin}: ${where}${error.message}`, { cause: error });
  }
}

const PLUGIN_NAMES: ReadonlySet<string> = new Set(PLUGINS.map(({ name }) => name));

function refuseMissingPlugins(source: ServerBlock): void {
  for (const [directive, [{ file, line }]] of source.directives) {
    if (PLUGIN_NAMES.has(directive)) continue;
    throw new Error(`${file}:${line} - ${missingPlugin(directive)}`);
  }
}
