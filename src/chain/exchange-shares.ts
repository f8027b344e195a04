/**
 * How many exchanges each client has under way, and whether it may begin another one. What one client asks for must not fill the
 * connections to an upstream, `max_concurrent` or the upstream's own queue while others want to ask too; alone it may have more, since
 * nobody waits for it.
 *
 * Only exchanges that are young count. One that has been open for longer waits for an upstream that is silent and takes nothing away from
 * those who ask others: a client whose questions go half to a dead upstream may still ask the live one, some hundreds a second.
 */
import type { ClientId } from './client-id.ts';

/** Young exchanges of one client while others ask too: as many as 64 connections carry to a server that answers in order. */
export const MOST_OF_ONE = 128;
/**
 * Exchanges that one client begins in a millisecond while others ask too, averaged over a period: a tenth of a processor's time, and
 * more than a thousand pods of the usual kind ask together. Without it a flood whose questions are answered at once keeps the process busy
 * all the time. MOST_OF_ONE may begin at once all the same.
 */
export const MOST_PER_MS_OF_ONE = 8;
/** The same as MOST_OF_ONE, of a client that is alone. */
export const MOST_OF_THE_ONLY_ONE = 512;
/** How long after a question from somebody else a client is not alone. */
export const SHARED_MS = 1_000;
/** Exchanges are young in the period in which they began and in the next one. */
export const PERIOD_MS = 250;

interface Share {
  /** The last period in which the client began one. */
  period: number;
  /** Those begun in that period and in the one before it that are not over. */
  young: number;
  elder: number;
  /** All that began in that period. */
  begun: number;
}

/** The last client's, who is nobody at first. */
const NOBODY = '';

export class ExchangeShares {
  /** Of clients that have begun one lately. */
  private readonly shares = new Map<ClientId, Share>();
  private lastClient: ClientId = NOBODY;
  private sharedMs = -Infinity;
  private sweptPeriod = 0;

  /** Clients about whom something is known. */
  get size(): number {
    return this.shares.size;
  }

  /** Takes note of a client that wants to begin one. */
  note(client: ClientId, nowMs: number): void {
    if (client === this.lastClient) return;
    if (this.lastClient !== NOBODY) this.sharedMs = nowMs;
    this.lastClient = client;
  }

  mayBegin(client: ClientId, nowMs: number): boolean {
    const share = this.shares.get(client);
    if (share === undefined) return true;
    this.age(share, periodOf(nowMs));
    const underWay = share.young + share.elder;
    if (nowMs - this.sharedMs >= SHARED_MS) return underWay < MOST_OF_THE_ONLY_ONE;
    const sinceMs = nowMs - share.period * PERIOD_MS;
    return underWay < MOST_OF_ONE && share.begun < MOST_OF_ONE + sinceMs * MOST_PER_MS_OF_ONE;
  }

  begun(client: ClientId, nowMs: number): void {
    const period = periodOf(nowMs);
    this.sweep(period);
    let share = this.shares.get(client);
    if (share === undefined) {
      share = { period, young: 0, elder: 0, begun: 0 };
      this.shares.set(client, share);
    }
    this.age(share, period);
    share.young++;
    share.begun++;
  }

  /** One that began at `beganMs` is over. */
  ended(client: ClientId, beganMs: number): void {
    const share = this.shares.get(client);
    if (share === undefined) return;
    const age = share.period - periodOf(beganMs);
    if (age === 0) share.young--;
    else if (age === 1) share.elder--;
  }

  private age(share: Share, period: number): void {
    const periods = period - share.period;
    if (periods <= 0) return;
    share.elder = periods === 1 ? share.young : 0;
    share.young = 0;
    share.begun = 0;
    share.period = period;
  }

  /** Forgets, once in a period, those of whom nothing is young. */
  private sweep(period: number): void {
    if (period === this.sweptPeriod) return;
    this.sweptPeriod = period;
    for (const [client, share] of this.shares) {
      if (period - share.period > 1 || (share.young === 0 && share.elder === 0)) this.shares.delete(client);
    }
  }
}

const periodOf = (ms: number): number => Math.floor(ms / PERIOD_MS);
