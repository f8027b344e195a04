/**
 * What a full look at the rules means for an address that is held: whether its lease is as it should be, is to be given anew because somebody has
 * emptied a set, or is over. A kernel that never renews it shows in looks in a row. Pure.
 */
import type { RulesState } from '../host/rules.ts';
import type { Lease } from './lease.ts';
import { LAPSES_TO_LEAVE } from './timing.ts';

/** `renew`: arm it anew; `probes`, `lapsed`: leave it, for this reason. */
export type Renewal = 'keep' | 'renew' | 'probes' | 'lapsed';

export class Renewals {
  /** Looks in a row that found no lease though probes are answered, by address. */
  private readonly lapses = new Map<string, number>();

  /** Whether the last look found it without a lease. */
  isLapsed(address: string): boolean {
    return this.lapses.has(address);
  }

  judge(lease: Lease, { standing, armed, live }: RulesState, nowMs: number): Renewal {
    const { address } = lease;
    const isLive = live.includes(address) && armed.includes(address);
    const isWhole = standing === 'complete';
    if (isLive || !lease.holds || !isWhole) this.lapses.delete(address);
    if (isLive || !lease.holds) return 'keep';
    if (lease.suspect(nowMs)) return 'probes';
    if (!lease.answers || !isWhole) return 'keep';
    const lapses = (this.lapses.get(address) ?? 0) + 1;
    this.lapses.set(address, lapses);
    return lapses >= LAPSES_TO_LEAVE ? 'lapsed' : 'renew';
  }
}
