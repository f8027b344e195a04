/** `--rules none`: nothing is put on the host. For who leads packets to the cache in another way; they arrive whatever the guard decides. */
import type { Rules, RulesState } from './rules.ts';

export class NoRules implements Rules {
  readonly backend = 'none';
  readonly weaknesses: readonly string[] = [
    'there are no rules: packets come to the cache, or not, whether it answers or not',
  ];
  readonly #armed = new Set<string>();

  /** Complete, with what was told last: nothing to repair, nothing to fear. */
  async inspect(): Promise<RulesState> {
    return { standing: 'complete', armed: [...this.#armed], live: [...this.#armed] };
  }

  async install(armed: readonly string[]): Promise<void> {
    this.#armed.clear();
    await this.arm(armed);
  }

  async arm(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#armed.add(address);
  }

  async disarm(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#armed.delete(address);
  }

  async remove(): Promise<void> {
    this.#armed.clear();
  }
}
