/**
 * The times of `guard` and `run`, and how they hang together.
 *
 * A reply renews the lease, and each probe makes one. With probes at most a quarter of a lease apart three in a row may be lost, or late,
 * before a lease lapses that nobody else's queries renew: 250 ms and 1 s by default. A child is frozen when it has been silent for longer
 * than four probes take; by then its lease has lapsed as well, unless it was made longer than that.
 */
import { formatDuration, parseDuration } from '../base/duration.ts';
import { LEAST_PROBES_PER_LEASE, PROBE_INTERVAL_MS } from '../guard/timing.ts';
import { FlagError, readFlag } from './flag-error.ts';

const PROBES_TO_BE_FROZEN = 4;

/** What a time may be. */
const LEASE = { min: 500, max: 10_000 };
const FROZEN_AFTER = { min: 1000, max: 60_000 };

interface Bounds {
  readonly min: number;
  readonly max: number;
}

export interface GuardTimes {
  readonly leaseMs: number;
  readonly probeIntervalMs: number;
}

/** @throws FlagError */
export function readGuardTimes(lease: string, probeInterval: string | undefined): GuardTimes {
  const leaseMs = readTime('lease', lease, LEASE);
  const mostMs = leaseMs / LEAST_PROBES_PER_LEASE;
  if (probeInterval === undefined) {
    return { leaseMs, probeIntervalMs: Math.floor(Math.min(PROBE_INTERVAL_MS.default, mostMs)) };
  }
  const probeIntervalMs = readTime('probe-interval', probeInterval, PROBE_INTERVAL_MS);
  if (probeIntervalMs > mostMs) {
    const most = formatDuration(Math.floor(mostMs));
    throw new FlagError(
      `--probe-interval: expected at most a quarter of the lease, ${most}, found "${probeInterval}"`,
    );
  }
  return { leaseMs, probeIntervalMs };
}

/** @throws FlagError */
export function readFrozenAfter(text: string, { probeIntervalMs }: GuardTimes): number {
  const ms = readTime('frozen-after', text, FROZEN_AFTER);
  const leastMs = PROBES_TO_BE_FROZEN * probeIntervalMs;
  if (ms >= leastMs) return ms;
  throw new FlagError(
    `--frozen-after: expected at least ${PROBES_TO_BE_FROZEN} probes, ${formatDuration(leastMs)}, found "${text}"`,
  );
}

function readTime(name: string, text: string, { min, max }: Bounds): number {
  return readFlag(name, text, (given) => {
    const ms = Math.round(parseDuration(given));
    if (ms >= min && ms <= max) return ms;
    throw new RangeError(`expected from ${formatDuration(min)} to ${formatDuration(max)}, found "${given}"`);
  });
}
