/**
 * IP addresses from text to octets, as A and AAAA records hold them. Strict: no leading zeros, no shortened IPv4, no zone (`%eth0`). Pure, so
 * that rooms without input and output can use it too.
 */

/** A dotted quad; 0 to 255 without leading zeros, which some take for octal. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const IPV6_GROUPS = 8;
/** Eight groups of four digits, the last two written as an IPv4 address. */
const MAX_IPV6_LENGTH = 45;

/** @returns four octets, or undefined when the text is no IPv4 address. */
export function ipv4FromText(text: string): Uint8Array | undefined {
  return IPV4.test(text) ? Uint8Array.from(text.split('.'), Number) : undefined;
}

/** @returns sixteen octets, or undefined when the text is no IPv6 address (RFC 4291 section 2.2, all three forms). */
export function ipv6FromText(text: string): Uint8Array | undefined {
  if (text.length > MAX_IPV6_LENGTH) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const last = tail ?? head;
  if (!expandIpv4(last)) return undefined;
  if (tail !== undefined) {
    // `::` stands for at least one group.
    const missing = IPV6_GROUPS - head.length - tail.length;
    if (missing < 1) return undefined;
    head.push(...Array.from({ length: missing }, () => '0'), ...tail);
  }
  if (head.length !== IPV6_GROUPS || !head.every((group) => GROUP.test(group))) return undefined;
  return Uint8Array.from(Buffer.from(head.map((group) => group.padStart(4, '0')).join(''), 'hex'));
}

/** Replaces an IPv4 address at the end by the two groups that it stands for; false when it is none. */
function expandIpv4(groups: string[]): boolean {
  const last = groups.at(-1);
  if (last === undefined || !last.includes('.')) return true;
  const octets = ipv4FromText(last);
  if (octets === undefined) return false;
  const hex = Buffer.from(octets).toString('hex');
  groups.splice(-1, 1, hex.slice(0, 4), hex.slice(4));
  return true;
}

/** The text of 4 or 16 octets, IPv6 in its shortest form (RFC 5952). */
export function ipToText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups: number[] = [];
  for (let i = 0; i < octets.length; i += 2) groups.push((octets[i] << 8) | octets[i + 1]);
  const zeros = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.start).join(':')}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

/** The first of the longest runs of zero groups (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}
