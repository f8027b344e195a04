/** A TTL as zone files write it: seconds, or numbers with the units of BIND (`1h30m`). */

/** RFC 2181 section 8. */
export const MAX_TTL_TEXT_SECONDS = 0x7fff_ffff;

const UNIT_SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
const TTL = /^(?:\d{1,10}[wdhms]){0,5}(?:\d{1,10}[wdhms]?)$/i;
const TERM = /(\d+)([wdhms]?)/gi;

/** @returns seconds, 0 to 2^31-1, or undefined when the text is no TTL. */
export function ttlFromText(text: string): number | undefined {
  if (!TTL.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(TERM)) {
    seconds += Number(digits) * (UNIT_SECONDS[unit.toLowerCase()] ?? 1);
  }
  return seconds <= MAX_TTL_TEXT_SECONDS ? seconds : undefined;
}
