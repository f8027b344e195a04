/**
 * Time as the daemon sees it: monotonic milliseconds, so that a jump of the wall clock changes no TTL and no deadline. Handlers get the
 * time as an argument or ask this object; tests give one that they move by hand.
 */
export interface Clock {
  /** Milliseconds since some fixed point in the past; never goes back. */
  nowMs(): number;
}

/** The process's own monotonic clock. */
export const SYSTEM_CLOCK: Clock = { nowMs: () => performance.now() };
