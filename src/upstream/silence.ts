/**
 * For how long nothing may come for queries that wait until their connection or socket is taken for silent. Silence is looked for at a
 * steady interval, without a timer for each query.
 */
import type { RoundTrip } from './round-trip.ts';

/** Between two looks. */
export const LOOK_INTERVAL_MS = 50;
/**
 * Looks without a sign: 0.3 s, which with a new connection and another such wait stays below the second after which a stub resolver is
 * nervous; up to 0.5 s where answers take so long that twice their 95th percentile is more.
 */
const FEWEST_LOOKS = 6;
const MOST_LOOKS = 10;

/** Looks at which nothing has come, from the first one that saw a query waiting, after which there is silence. */
export function silentLooks(roundTrip: RoundTrip): number {
  const looks = Math.ceil((2 * roundTrip.percentile95Ms) / LOOK_INTERVAL_MS);
  return Math.min(MOST_LOOKS, Math.max(FEWEST_LOOKS, looks));
}
