/** The rules of one plan in nftables: each call is one transaction, or one look. Which form they have was decided before (`open-nft-rules.ts`). */
import { HostError } from '../host-error.ts';
import type { InterceptionPlan, Rules, RulesState } from '../rules.ts';
import {
  FAMILY,
  TABLE,
  armScript,
  disarmAllScript,
  disarmScript,
  installScript,
  removeScript,
} from './nft-script.ts';
import type { Ruleset } from './nft-script.ts';
import type { Nft } from './nft.ts';
import { stateOf } from './standing.ts';

export class NftRules implements Rules {
  readonly backend = 'nft';
  readonly weaknesses: readonly string[];
  readonly #nft: Nft;
  readonly #addresses: readonly string[];
  readonly #ruleset: Ruleset;

  constructor(nft: Nft, plan: InterceptionPlan, ruleset: Ruleset, weaknesses: readonly string[]) {
    this.#nft = nft;
    this.#addresses = plan.addresses;
    this.#ruleset = ruleset;
    this.weaknesses = weaknesses;
  }

  async inspect(): Promise<RulesState> {
    return stateOf(await this.#nft.list('table', FAMILY, TABLE), this.#ruleset, this.#addresses);
  }

  async install(armed: readonly string[]): Promise<void> {
    this.#requireOwn(armed);
    await this.#nft.commit(installScript(this.#ruleset, armed));
  }

  async arm(addresses: readonly string[]): Promise<void> {
    await this.#change(addresses, armScript);
  }

  async disarm(addresses: readonly string[]): Promise<void> {
    const isAll = this.#addresses.every((address) => addresses.includes(address));
    await this.#change(addresses, isAll ? () => disarmAllScript(this.#ruleset) : disarmScript);
  }

  async remove(): Promise<void> {
    await this.#nft.commit(removeScript());
  }

  async #change(
    addresses: readonly string[],
    scriptOf: (addresses: readonly string[]) => string,
  ): Promise<void> {
    this.#requireOwn(addresses);
    if (addresses.length === 0) return;
    try {
      await this.#nft.commit(scriptOf(addresses));
    } catch (error) {
      // Kernels before 6.8 let an element expire between the two steps of a transaction that add it and take it away. The second time it
      // has only just been renewed, or is new.
      if (!(error instanceof HostError) || error.code !== 'failed') throw error;
      await this.#nft.commit(scriptOf(addresses));
    }
  }

  #requireOwn(addresses: readonly string[]): void {
    const strange = addresses.find((address) => !this.#addresses.includes(address));
    if (strange !== undefined) throw new RangeError(`${strange} is no address of the plan`);
  }
}
