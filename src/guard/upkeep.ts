/**
 * Brings rules and interface to what is wanted, one operation at a time. There is no list of orders: after each operation the next one is
 * chosen from what is wanted then and what is known to stand, so that an order which is out of date is never carried out, and taking
 * an address away goes before everything else. What failed is tried again with growing pauses, each kind of operation by itself. Which
 * addresses are wanted, and what a failure means for them, is decided elsewhere.
 */
import type { Clock } from '../base/clock.ts';
import { HostError } from '../host/host-error.ts';
import { messageOf } from '../base/error-message.ts';
import type { Link } from '../host/link.ts';
import type { Rules, RulesState } from '../host/rules.ts';
import { RETRY_MS } from './timing.ts';

/** What is done to the host, the most urgent first. */
export const OPERATIONS = ['disarm', 'ensure', 'inspect', 'install', 'arm'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface UpkeepEvents {
  /** These stand armed from now on. */
  armed(addresses: readonly string[]): void;
  /** What an inspection found. @returns addresses that stand armed, but are to be armed anew */
  inspected(state: RulesState): readonly string[];
  /** Whether it may be armed at this moment: its server has answered the last probe. */
  answers(address: string): boolean;
  repaired(what: 'rules' | 'interface', details: string): void;
  /** @param addresses those that it was about */
  failed(operation: Operation, error: HostError, addresses: readonly string[]): void;
  succeeded(operation: Operation, tookMs: number): void;
}

export interface UpkeepOptions {
  /** Undefined: nothing is armed or inspected. */
  readonly rules: Rules | undefined;
  readonly link: Link | undefined;
  readonly clock: Clock;
  readonly events: UpkeepEvents;
}

interface Pause {
  failures: number;
  untilMs: number;
}

/** A chosen operation: what it is about, and how it is done. */
interface Step {
  readonly operation: Operation;
  readonly addresses: readonly string[];
  readonly run: () => Promise<void>;
}

export class Upkeep {
  private readonly options: UpkeepOptions;
  private wanted: ReadonlySet<string> = new Set();
  /** What stands armed, as far as is known. */
  private armed = new Set<string>();
  private readonly due = new Set<'ensure' | 'inspect' | 'install'>();
  private readonly pauses = new Map<Operation, Pause>();
  private running: Promise<void> | undefined;
  /** Whether what runs arms addresses that may not be wanted any more when it is done. */
  private arms = false;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: UpkeepOptions) {
    this.options = options;
  }

  /** Says what stands armed, where somebody else has looked. */
  begin(armed: readonly string[]): void {
    this.armed = new Set(armed);
  }

  /** These are to be armed and no others. */
  want(addresses: ReadonlySet<string>): void {
    this.wanted = addresses;
    this.go();
  }

  request(operation: 'ensure' | 'inspect'): void {
    this.due.add(operation);
    this.go();
  }

  /** Resolves when nothing stands armed that is not wanted, or taking it away has failed and will be tried again. */
  async disarmed(): Promise<void> {
    while (this.running !== undefined && (this.arms || this.surplus().length > 0)) await this.running;
  }

  /** Begins nothing any more. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    while (this.running !== undefined) await this.running;
  }

  private go(): void {
    if (this.running !== undefined || this.closed) return;
    clearTimeout(this.timer);
    const nowMs = this.options.clock.nowMs();
    const step = this.choose((operation) => nowMs >= this.pauseOf(operation).untilMs);
    if (step === undefined) {
      this.waitForRetry(nowMs);
      return;
    }
    this.arms = step.operation === 'arm' || step.operation === 'install';
    this.running = this.carryOut(step).finally(() => {
      this.running = undefined;
      this.go();
    });
  }

  /** Something is to be done whose pause is not over. */
  private waitForRetry(nowMs: number): void {
    const step = this.choose(() => true);
    if (step === undefined) return;
    const waitMs = Math.max(1, this.pauseOf(step.operation).untilMs - nowMs);
    this.timer = setTimeout(() => this.go(), waitMs);
  }

  private choose(may: (operation: Operation) => boolean): Step | undefined {
    const { rules, link } = this.options;
    if (rules !== undefined) {
      const surplus = this.surplus();
      if (surplus.length > 0 && may('disarm')) return this.disarmStep(rules, surplus);
    }
    if (link === undefined) this.due.delete('ensure');
    else if (this.due.has('ensure') && may('ensure')) return this.ensureStep(link);
    if (rules === undefined) return this.armNothing();
    if (this.due.has('inspect') && may('inspect')) return this.inspectStep(rules);
    if (this.due.has('install')) return may('install') ? this.installStep(rules) : undefined;
    const missing = this.ready().filter((address) => !this.armed.has(address));
    return missing.length > 0 && may('arm') ? this.armStep(rules, missing) : undefined;
  }

  private disarmStep(rules: Rules, addresses: readonly string[]): Step {
    const run = async (): Promise<void> => {
      await rules.disarm(addresses);
      for (const address of addresses) this.armed.delete(address);
    };
    return { operation: 'disarm', addresses, run };
  }

  private ensureStep(link: Link): Step {
    const run = async (): Promise<void> => {
      this.due.delete('ensure');
      const done = await link.ensure();
      if (done.length > 0) this.options.events.repaired('interface', done.join(', '));
    };
    return { operation: 'ensure', addresses: [], run };
  }

  private inspectStep(rules: Rules): Step {
    const run = async (): Promise<void> => {
      this.due.delete('inspect');
      const state = await rules.inspect();
      const anew = this.options.events.inspected(state);
      this.armed = new Set(state.armed.filter((address) => !anew.includes(address)));
      if (state.standing === 'complete') this.due.delete('install');
      else this.due.add('install');
    };
    return { operation: 'inspect', addresses: [], run };
  }

  private installStep(rules: Rules): Step {
    const addresses = this.ready();
    const run = async (): Promise<void> => {
      await rules.install(addresses);
      this.due.delete('install');
      this.armed = new Set(addresses);
      this.options.events.repaired('rules', 'all of them were put anew');
      this.options.events.armed(addresses);
    };
    return { operation: 'install', addresses: [...this.wanted], run };
  }

  private armStep(rules: Rules, addresses: readonly string[]): Step {
    const run = async (): Promise<void> => {
      await rules.arm(addresses);
      for (const address of addresses) this.armed.add(address);
      this.options.events.armed(addresses);
    };
    return { operation: 'arm', addresses, run };
  }

  /** Without rules whatever is wanted stands at once. */
  private armNothing(): undefined {
    const missing = this.ready().filter((address) => !this.armed.has(address));
    this.armed = new Set([...this.armed].filter((address) => this.wanted.has(address)).concat(missing));
    if (missing.length > 0) this.options.events.armed(missing);
    return undefined;
  }

  private surplus(): string[] {
    return [...this.armed].filter((address) => !this.wanted.has(address));
  }

  private ready(): string[] {
    return [...this.wanted].filter((address) => this.options.events.answers(address));
  }

  private async carryOut({ operation, addresses, run }: Step): Promise<void> {
    const { clock, events } = this.options;
    const beganMs = clock.nowMs();
    try {
      await run();
      this.pauses.delete(operation);
      events.succeeded(operation, clock.nowMs() - beganMs);
    } catch (error) {
      this.pause(operation);
      // What an operation left that did not come to its end, nobody knows.
      this.due.add(operation === 'ensure' ? 'ensure' : 'inspect');
      events.failed(operation, hostError(operation, error), addresses);
    }
  }

  private pauseOf(operation: Operation): Pause {
    return this.pauses.get(operation) ?? { failures: 0, untilMs: -Infinity };
  }

  private pause(operation: Operation): void {
    const failures = this.pauseOf(operation).failures + 1;
    const pauseMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (failures - 1));
    this.pauses.set(operation, { failures, untilMs: this.options.clock.nowMs() + pauseMs });
  }
}

/** A bug in a backend costs one try, like anything else that it could not do. */
export function hostError(operation: Operation, error: unknown): HostError {
  if (error instanceof HostError) return error;
  const about = operation === 'ensure' ? 'interface' : 'rules';
  return new HostError(about, 'failed', messageOf(error), { cause: error });
}
