/** Names and zones in presentation form, lower case and with final dot, compared with each other. */

/** Whether `name` is `zone` or lies under it. */
export function isUnder(name: string, zone: string): boolean {
  if (zone === '.' || name === zone) return true;
  // The dot in front of the zone must be one that separates labels.
  return name.endsWith(`.${zone}`) && !name.slice(0, -zone.length - 1).endsWith('\\');
}

/** The names that both hold: the lower one of two zones of which one lies under the other; undefined where they have nothing in common. */
export function common(one: string, other: string): string | undefined {
  if (isUnder(one, other)) return one;
  return isUnder(other, one) ? other : undefined;
}

/** The number of labels of a zone, by which the closest of several is chosen: its dots, but for the root, which has none. */
export const depth = (zone: string): number =>
  zone === '.' ? 0 : zone.replaceAll(/\\./g, '').split('.').length - 1;
