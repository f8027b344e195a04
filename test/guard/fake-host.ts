/** A host held in memory: rules, an interface, a canary and a server that answers probes, each as a test says. */
import type { Canary } from '../../src/guard/canary.ts';
import type { Proto } from '../../src/guard/lease.ts';
import type { ProbeResult, Prober } from '../../src/guard/prober.ts';
import { HostError } from '../../src/host/host-error.ts';
import type { Link } from '../../src/host/link.ts';
import type { Rules, RulesState } from '../../src/host/rules.ts';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows `vi.useFakeTimers()`, whose `performance.now` the system's clock asks. */
export class FakeHost implements Rules, Link, Canary, Prober {
  readonly backend: 'nft' | 'none';
  readonly weaknesses: readonly string[] = [];
  /** What was done, in order. */
  readonly done: string[] = [];
  standing: RulesState['standing'] = 'absent';
  readonly armed = new Set<string>();
  readonly live = new Set<string>();
  linkStands = false;
  /** How the server answers; by default it does not. */
  answer: (proto: Proto, address: string) => ProbeResult['outcome'] = () => 'failed';
  /** Whether replies renew the lease, as the kernel does. */
  renews = true;
  /** Each operation takes this long. */
  takesMs = 5;
  /** Operations that fail, by name, and how. */
  readonly failing = new Map<string, HostError>();
  /** Operations that run at this moment; more than one is an error. */
  private running = 0;
  overlapped = false;
  asked = 0;
  released = false;

  constructor(backend: 'nft' | 'none' = 'nft') {
    this.backend = backend;
  }

  readonly inspect = (): Promise<RulesState> =>
    this.operate('inspect', () => ({
      standing: this.standing,
      armed: [...this.armed],
      live: [...this.live],
    }));

  readonly install = (armed: readonly string[]): Promise<void> =>
    this.operate(`install ${armed.join(' ')}`.trim(), () => {
      this.standing = 'complete';
      this.put(armed, true);
    });

  readonly arm = (addresses: readonly string[]): Promise<void> =>
    this.operate(`arm ${addresses.join(' ')}`, () => this.put(addresses, false));

  readonly disarm = (addresses: readonly string[]): Promise<void> =>
    this.operate(`disarm ${addresses.join(' ')}`, () => {
      for (const set of [this.armed, this.live]) for (const address of addresses) set.delete(address);
    });

  readonly ensure = (): Promise<string[]> =>
    this.operate('ensure', () => {
      const made = this.linkStands ? [] : ['made it'];
      this.linkStands = true;
      return made;
    });

  /** Of rules and interface alike: which one is told by the order. */
  readonly remove = (): Promise<void> =>
    this.operate('remove', () => {
      this.flush();
    });

  seemsWhole(): boolean {
    return this.linkStands;
  }

  look(): Promise<'standing' | 'gone'> {
    return Promise.resolve(this.standing === 'complete' ? 'standing' : 'gone');
  }

  close(): void {
    this.done.push('canary closed');
  }

  async ask(proto: Proto, address: string): Promise<ProbeResult> {
    this.asked++;
    const askedMs = SYSTEM_CLOCK.nowMs();
    await delay(1);
    const outcome = this.linkStands ? this.answer(proto, address) : 'failed';
    if (outcome === 'good' && this.renews && this.armed.has(address)) this.live.add(address);
    return { proto, outcome, askedMs };
  }

  /** Every question ends by itself. */
  giveUp(): void {}

  release(): void {
    this.released = true;
  }

  /** As `nft flush ruleset` does. */
  flush(): void {
    this.standing = 'absent';
    this.put([], true);
  }

  /** What was done that changed something, and forgets it. */
  takeDone(): string[] {
    return this.done.splice(0).filter((line) => line !== 'inspect' && line !== 'ensure');
  }

  fail(operation: string, code: HostError['code'] = 'failed'): void {
    const about = operation === 'ensure' ? 'interface' : 'rules';
    this.failing.set(operation, new HostError(about, code, `${operation} cannot be done`));
  }

  private put(addresses: readonly string[], only: boolean): void {
    for (const set of [this.armed, this.live]) {
      if (only) set.clear();
      for (const address of addresses) set.add(address);
    }
  }

  private async operate<Result>(name: string, change: () => Result): Promise<Result> {
    this.overlapped ||= this.running > 0;
    this.running++;
    this.done.push(name);
    await delay(this.takesMs);
    this.running--;
    const error = this.failing.get(name.split(' ')[0]);
    if (error !== undefined) throw error;
    return change();
  }
}
