/**
 * Which address is asked in which round: each one over UDP in every round, over TCP in every fourth, or in every one as long as TCP is unproved.
 * What was not answered until the next round has failed. Also notices that the guard itself did not run for a while, so that this is not held
 * against the server. When rounds come is the pulse's.
 */
import type { Clock } from '../base/clock.ts';
import type { Lease, Proto } from './lease.ts';
import type { ProbeResult, Prober } from './prober.ts';
import { TCP_EVERY } from './timing.ts';

/** Rounds that are so late say that this process, or the whole machine, stood still. */
const STALL_MS = 1_000;
const STALL_INTERVALS = 3;

export interface RoundsOptions {
  readonly leases: readonly Lease[];
  readonly prober: Prober;
  readonly clock: Clock;
  /** Between two rounds, in milliseconds. */
  readonly intervalMs: number;
  readonly probed: (lease: Lease, result: ProbeResult) => void;
  /** Called before the first probe after a standstill. */
  readonly stalled: (forMs: number) => void;
}

export class Rounds {
  private readonly options: RoundsOptions;
  /** What is asked and not answered yet. */
  private readonly waiting = new Map<string, Promise<void>>();
  private running = false;
  private count = 0;
  private lastRoundMs = 0;

  constructor(options: RoundsOptions) {
    this.options = options;
  }

  /** The first round. */
  start(): void {
    this.running = true;
    this.lastRoundMs = this.options.clock.nowMs();
    this.askAll();
  }

  stop(): void {
    this.running = false;
  }

  /** One round. */
  next(): void {
    const { clock, stalled } = this.options;
    if (this.standsStill) stalled(this.sinceRoundMs());
    this.lastRoundMs = clock.nowMs();
    if (this.waiting.size === 0) this.askAll();
    else void this.giveUpAndAskAll();
  }

  /** Whether no round came for so long that we cannot say anything of the server. */
  get standsStill(): boolean {
    return this.running && this.sinceRoundMs() > this.mostBetweenRoundsMs;
  }

  private get mostBetweenRoundsMs(): number {
    return Math.max(STALL_MS, STALL_INTERVALS * this.options.intervalMs);
  }

  private sinceRoundMs(): number {
    return this.options.clock.nowMs() - this.lastRoundMs;
  }

  private async giveUpAndAskAll(): Promise<void> {
    // After what has come meanwhile: a process that did not run for a while sees its timers first.
    await new Promise((resolve) => setImmediate(resolve));
    const late = [...this.waiting.values()];
    this.options.prober.giveUp();
    await Promise.all(late);
    if (this.running) this.askAll();
  }

  private askAll(): void {
    const isTcpRound = this.count++ % TCP_EVERY === 0;
    for (const lease of this.options.leases) {
      this.ask(lease, 'udp');
      if (isTcpRound || lease.needsTcp) this.ask(lease, 'tcp');
    }
  }

  private ask(lease: Lease, proto: Proto): void {
    const key = `${proto} ${lease.address}`;
    if (this.waiting.has(key)) return;
    this.waiting.set(key, this.wait(key, lease, proto));
  }

  private async wait(key: string, lease: Lease, proto: Proto): Promise<void> {
    const result = await this.options.prober.ask(proto, lease.address);
    this.waiting.delete(key);
    if (this.running) this.options.probed(lease, result);
  }
}
