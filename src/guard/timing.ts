/**
 * How often is asked, how long is waited, and how many failures mean something: the guard's figures and how they follow from each other.
 * The lease itself is the kernel's (`host/rules.ts`); here stands what has to happen within one.
 *
 *     lease 1000 ms  |---------|---------|---------|---------|     the kernel intercepts on for so long after the last positive reply
 *     probes         p    p    p    p    p                         each 250 ms: 4 in a lease, so 3 may be lost and it still holds
 *     an answer      < 250 ms (one interval)                       a probe has failed when the next one is to leave
 *     frozen server  last answer 0 ms, kernel stops at 1000 ms, 4th failure known at 1250 ms at the latest: then `armed` is emptied
 *     back again     3 answers in a row: 500 to 750 ms after the first
 */

export const PROBE_INTERVAL_MS = { default: 250, min: 50, max: 2_000 } as const;

/** Full look at rules and interface, beside the cheap one: `-syncinterval`. */
export const SYNC_INTERVAL_MS = { default: 10_000, min: 1_000, max: 600_000 } as const;

/** A lease holds at least so many probes, so that three in a row may be lost before one ends that nobody else's queries renew. */
export const LEAST_PROBES_PER_LEASE = 4;

/** Every so many UDP probes one over TCP: each second by default. */
export const TCP_EVERY = 4;

/** UDP answers in a row before an address is intercepted; over TCP the last answer must be good too. */
export const GOOD_TO_ENTER = 3;
/** UDP failures in a row, beside a whole lease without an answer: a guard that was itself stopped for a while has only one. */
export const FAILURES_TO_LEAVE = 3;
/** TCP failures in a row while UDP is answered: 3 s by default. */
export const TCP_FAILURES_TO_LEAVE = 3;
/** Answers in a row that say that the server is about to stop. Of several processes on a port one may go alone. */
export const DRAINING_TO_LEAVE = 3;
/**
 * For so long, and so many in a row, UDP probes fail while TCP is answered: then UDP is dead, not flooded. The lease, which UDP answers alone
 * renew, may hold all the same: where rules cannot tell our listener from one on all addresses (iptables), by somebody else's answers.
 */
export const UDP_DEAD = { failures: 20, ms: 10_000 } as const;

/** Full looks in a row that find no lease though probes are answered: the kernel does not renew it, and arming it anew is no way to live. */
export const LAPSES_TO_LEAVE = 3;

/** A server that falls back sooner than this after it was let in flaps; one that holds for so long is forgiven. */
export const FLAP_MS = 60_000;
/** For how long it is kept out: this, then twice as long each time, up to the most. */
export const FIRST_HOLD_MS = 1_000;
export const MOST_HOLD_MS = 60_000;

/** The cheap look: canary and `Link.seemsWhole`. Found and healed within two of these and one process. */
export const BEAT_MS = 500;
/** Full looks while some address is not answered. */
export const SYNC_WHILE_FAILING_MS = 2_000;
/** An operation that failed is tried again after this, then twice as long each time, up to the most. */
export const RETRY_MS = { first: 250, most: 5_000 } as const;
/** At start, for how long what stands is given the chance to prove itself. */
export const ADOPTION_MS = 1_000;

/** From the end of a server's sockets to that of its process: its memory is freed meanwhile, on a machine that is busy with other things. */
export const LEAVING_MS = 5_000;

/** @throws RangeError when so few probes fit into a lease that one lost probe would end it */
export function checkTiming(intervalMs: number, leaseMs: number): void {
  const { min, max } = PROBE_INTERVAL_MS;
  if (!(intervalMs >= min && intervalMs <= max)) {
    throw new RangeError(`probe interval: want ${min} to ${max} ms, got ${intervalMs} ms`);
  }
  if (intervalMs * LEAST_PROBES_PER_LEASE > leaseMs) {
    const most = leaseMs / LEAST_PROBES_PER_LEASE;
    throw new RangeError(
      `probe interval: want at most ${most} ms with a lease of ${leaseMs} ms, got ${intervalMs} ms`,
    );
  }
}
