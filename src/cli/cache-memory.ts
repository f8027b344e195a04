/** How much memory all caches together may take: what the flag says, or what the machine suggests. */
import { parseSize } from '../base/size.ts';

const MIB = 1024 * 1024;
const DEFAULT_SHARE = 0.25;
const LEAST_DEFAULT_OCTETS = 8 * MIB;
const MOST_DEFAULT_OCTETS = 64 * MIB;

/** Less would not hold what one block may keep for a second; more than 16 GiB is a mistake. */
const LEAST_OCTETS = MIB;
const MOST_OCTETS = 16 * 1024 * MIB;

/**
 * @param limitOctets what the control group allows the process (`process.constrainedMemory()`); 0 or huge where it has no limit
 * @returns a quarter of the limit, from 8 to 64 MiB
 */
export function defaultCacheOctets(limitOctets: number): number {
  const limit = limitOctets > 0 ? limitOctets : Infinity;
  return Math.floor(Math.min(Math.max(limit * DEFAULT_SHARE, LEAST_DEFAULT_OCTETS), MOST_DEFAULT_OCTETS));
}

/** @throws RangeError unless `text` is a size from 1 MiB to 16 GiB */
export function parseCacheMemory(text: string): number {
  const octets = parseSize(text);
  if (octets < LEAST_OCTETS || octets > MOST_OCTETS) {
    throw new RangeError(`expected a size from 1Mi to 16Gi, found "${text}"`);
  }
  return octets;
}
