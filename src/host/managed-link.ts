/**
 * The interface that carries the intercepted addresses, made and kept: look, mend what is not as planned, remember what it looks like. What
 * has to be mended is decided in `link-mends.ts`; when to look is the guard's to decide.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from './host-error.ts';
import { applyIp } from './ip-batch.ts';
import type { Link, LinkPlan } from './link.ts';
import { mendsFor } from './link-mends.ts';
import type { Mends } from './link-mends.ts';
import { checkLinkName } from './link-name.ts';
import { removeLink } from './link-removal.ts';
import { SIGHT_PATHS, knowsIpv6, sightOf } from './link-sight.ts';
import type { SightPaths } from './link-sight.ts';
import { familyOf, readLinkState } from './link-state.ts';
import type { LinkState } from './link-state.ts';
import type { RunTool } from './run-tool.ts';

/** How soon to look for the kernel's own IPv6 routes, and how often; what comes later is left to the next `ensure`. */
const LOOK_AGAIN_MS = 10;
const MOST_LOOKS = 20;

export class ManagedLink implements Link {
  readonly #plan: LinkPlan;
  readonly #run: RunTool;
  readonly #paths: SightPaths;
  /** What could be seen after the last `ensure` that did all it should. */
  #sight: string | undefined;
  /** What was said last about families that host processes have no good source in: said once, not every 10 s. */
  #sourceless = '';

  /**
   * @param paths those of this process's own network namespace, unless `run` works in another one
   * @throws {RangeError} when the name will not do for an interface
   */
  constructor(plan: LinkPlan, run: RunTool, paths: SightPaths = SIGHT_PATHS) {
    checkLinkName(plan.name);
    this.#plan = plan;
    this.#run = run;
    this.#paths = paths;
  }

  /**
   * One process (for a bridge two) when nothing is to be done.
   *
   * @throws {HostError} as `HostErrorCode` says; an interface made half is removed
   */
  async ensure(): Promise<string[]> {
    this.#sight = undefined;
    const { state, words, awaited } = await this.#mend();
    const all = new Set(words);
    const open = new Set(awaited);
    for (let look = 0; open.size > 0 && look < MOST_LOOKS; look++) {
      await delay(LOOK_AGAIN_MS);
      const again = await this.#mend();
      for (const word of again.words) all.add(word);
      for (const address of again.settled) open.delete(address);
    }
    this.#sight = sightOf(this.#plan, this.#paths);
    return [...all, ...this.#newlySourceless(state)];
  }

  async #mend(): Promise<Mends & { readonly state: LinkState }> {
    const state = await readLinkState(this.#run, this.#plan);
    const mends = mendsFor(this.#plan, state, knowsIpv6(this.#paths));
    await applyIp(this.#run, mends.making);
    try {
      await applyIp(this.#run, mends.commands);
    } catch (error) {
      if (mends.making.length > 0) await this.#removeQuietly();
      throw error;
    }
    return { ...mends, state };
  }

  seemsWhole(): boolean {
    return this.#sight !== undefined && this.#sight === sightOf(this.#plan, this.#paths);
  }

  async remove(): Promise<void> {
    this.#sight = undefined;
    try {
      await removeLink(this.#run, this.#plan.name, [this.#plan.type]);
    } catch (error) {
      if (error instanceof HostError && error.code === 'conflict') return;
      throw error;
    }
  }

  async #removeQuietly(): Promise<void> {
    try {
      await this.remove();
    } catch {
      // What failed before this is the error to tell.
    }
  }

  #newlySourceless({ nodeAddresses }: LinkState): string[] {
    const without = this.#plan.addresses.filter((address) => nodeAddresses[familyOf(address)] === undefined);
    const before = this.#sourceless;
    this.#sourceless = without.join(', ');
    if (without.length === 0 || this.#sourceless === before) return [];
    const why = 'no default route, or no address of the node for it';
    return [`host processes may ask ${this.#sourceless} from that address itself: ${why}`];
  }
}
