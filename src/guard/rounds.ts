/**
 * When which address is asked: each one over UDP at every tick, over TCP at every fourth, or at every one as long as TCP is unproved. Also
 * notices that the guard itself did not run for a while, so that this is not held against the server.
 */
import type { Clock } from '../base/clock.ts';
import type { Lease, Proto } from './lease.ts';
import type { ProbeResult, Prober } from './prober.ts';
import { TCP_EVERY } from './timing.ts';

/** Ticks that are so late say that this process, or the whole machine, stood still. */
const STALL_MS = 1_000;
const STALL_INTERVALS = 3;

export interface RoundsOptions {
  readonly leases: readonly Lease[];
  readonly prober: Prober;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly probed: (lease: Lease, result: ProbeResult) => void;
  /** Called before the first probe after a standstill. */
  readonly stalled: (forMs: number) => void;
}

export class Rounds {
  private readonly options: RoundsOptions;
  private readonly waiting = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;
  private lastTickMs = 0;

  constructor(options: RoundsOptions) {
    this.options = options;
  }

  start(): void {
    this.lastTickMs = this.options.clock.nowMs();
    this.timer = setInterval(() => this.tick(), this.options.intervalMs);
    this.tick();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Whether no tick came for so long that we cannot say anything of the server. */
  get standsStill(): boolean {
    return this.timer !== undefined && this.sinceTickMs() > this.mostBetweenTicksMs;
  }

  private get mostBetweenTicksMs(): number {
    return Math.max(STALL_MS, STALL_INTERVALS * this.options.intervalMs);
  }

  private sinceTickMs(): number {
    return this.options.clock.nowMs() - this.lastTickMs;
  }

  private tick(): void {
    const { leases, clock, stalled } = this.options;
    if (this.standsStill) stalled(this.sinceTickMs());
    this.lastTickMs = clock.nowMs();
    const isTcpRound = this.count++ % TCP_EVERY === 0;
    for (const lease of leases) {
      void this.ask(lease, 'udp');
      if (isTcpRound || lease.needsTcp) void this.ask(lease, 'tcp');
    }
  }

  private async ask(lease: Lease, proto: Proto): Promise<void> {
    const key = `${proto} ${lease.address}`;
    if (this.waiting.has(key)) return;
    this.waiting.add(key);
    const result = await this.options.prober.ask(proto, lease.address);
    this.waiting.delete(key);
    if (this.timer !== undefined) this.options.probed(lease, result);
  }
}
