/** Sizes of memory as Kubernetes writes them: `64Mi`, `64M`, `67108864`. */

const UNIT_OCTETS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
]);

const SIZE = /^(\d+(?:\.\d+)?)([A-Za-z]*?)B?$/;

/**
 * @returns octets, whole
 * @throws RangeError for a text that is no size
 */
export function parseSize(text: string): number {
  const [, number = '', unit = ''] = SIZE.exec(text) ?? [];
  const unitOctets = UNIT_OCTETS.get(unit);
  if (number === '' || unitOctets === undefined) {
    throw new RangeError(`expected a size such as 64Mi, 64M or 67108864, found "${text}"`);
  }
  return Math.floor(Number(number) * unitOctets);
}
