/**
 * `-syncinterval`. node-cache multiplies what it is given by a second after it has read it as a duration, so that its default of 60 s is
 * written `60ns`, and `60s` never comes. Here both mean 60 s, and so does `60`.
 */
import { formatDuration, parseDuration } from '../base/duration.ts';
import { SYNC_INTERVAL_MS } from '../guard/timing.ts';

/** @returns milliseconds, within the guard's bounds. @throws RangeError */
export function parseSyncInterval(text: string): number {
  const seconds = /^(\d+)(?:ns)?$/.exec(text)?.[1];
  const ms = seconds === undefined ? parseDuration(text) : Number(seconds) * 1000;
  const { min, max } = SYNC_INTERVAL_MS;
  if (ms >= min && ms <= max) return ms;
  throw new RangeError(`expected from ${formatDuration(min)} to ${formatDuration(max)}, found "${text}"`);
}
