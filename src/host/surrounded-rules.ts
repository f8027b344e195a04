/**
 * Rules together with what they need in filters that are not theirs: what a former cache or the other backend left there, which would intercept
 * beside them, and what has to accept packets where a host drops by default. How either is done is given; this is the order.
 */
import type { Rules, RulesState } from './rules.ts';

export interface Acceptance {
  install(): Promise<void>;
  remove(): Promise<void>;
  inspect(): Promise<'absent' | 'complete' | 'damaged'>;
}

export interface Surroundings {
  /** Takes away what others than these rules intercept with. Asked once, before the first `install`; again after it has failed. */
  readonly cleanFormer: () => Promise<unknown>;
  /** Undefined where nobody can be asked to accept. */
  readonly acceptance: Acceptance | undefined;
  readonly weaknesses: readonly string[];
}

export class SurroundedRules implements Rules {
  readonly backend: Rules['backend'];
  readonly weaknesses: readonly string[];
  readonly #rules: Rules;
  readonly #surroundings: Surroundings;
  #isClean = false;

  constructor(rules: Rules, surroundings: Surroundings) {
    this.#rules = rules;
    this.#surroundings = surroundings;
    this.backend = rules.backend;
    this.weaknesses = [...rules.weaknesses, ...surroundings.weaknesses];
  }

  async inspect(): Promise<RulesState> {
    const state = await this.#rules.inspect();
    if (state.standing !== 'complete') return state;
    const accepting = (await this.#surroundings.acceptance?.inspect()) ?? 'complete';
    return accepting === 'complete' ? state : { ...state, standing: 'damaged' };
  }

  /** In an order in which at every moment packets are either the cluster DNS's, or accepted on their way to us. */
  async install(armed: readonly string[]): Promise<void> {
    if (!this.#isClean) await this.#surroundings.cleanFormer();
    this.#isClean = true;
    await this.#surroundings.acceptance?.install();
    await this.#rules.install(armed);
  }

  arm(addresses: readonly string[]): Promise<void> {
    return this.#rules.arm(addresses);
  }

  disarm(addresses: readonly string[]): Promise<void> {
    return this.#rules.disarm(addresses);
  }

  async remove(): Promise<void> {
    await this.#rules.remove();
    await this.#surroundings.acceptance?.remove();
  }
}
