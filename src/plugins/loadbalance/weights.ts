/**
 * The weights of addresses, as a file says them:
 *
 *     # comment
 *     www.example.org
 *     192.0.2.1 3
 *     2001:db8::1 1
 *
 * A line of one word begins a name; lines of two give an address of it and its weight, 1 to 255.
 */
import { ipv4FromText, ipv6FromText } from '../../base/ip-address.ts';
import { foldInto, nameFromText } from '../../wire/name.ts';

/** By owner (folded, wire form) and address (octets), both as latin1. */
export type Weights = ReadonlyMap<string, ReadonlyMap<string, number>>;

const MAX_WEIGHT = 255;

/** @throws RangeError in CoreDNS's words; `path` is for them. */
export function parseWeights(text: string, path: string): Weights {
  const weights = new Map<string, Map<string, number>>();
  let current: Map<string, number> | undefined;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [first, second, ...rest] = line.split(/\s+/);
    if (rest.length > 0) throw new RangeError(`could not parse weight line:"${line}" in weight file ${path}`);
    if (second === undefined) {
      const key = ownerKey(first, path);
      current = weights.get(key) ?? new Map<string, number>();
      weights.set(key, current);
    } else {
      const [address, weight] = readWeight(first, second, path);
      if (current === undefined) throw new RangeError(`missing domain name in weight file ${path}`);
      // The first line for an address counts.
      if (!current.has(address)) current.set(address, weight);
    }
  }
  return weights;
}

function readWeight(addressText: string, weightText: string, path: string): [string, number] {
  const octets = addressOf(addressText);
  if (octets === undefined) throw new RangeError(`wrong IP address:"${addressText}" in weight file ${path}`);
  const weight = /^[0-9]{1,20}$/.test(weightText) ? Number(weightText) : 0;
  if (weight < 1 || weight > MAX_WEIGHT) {
    throw new RangeError(`wrong weight value:"${weightText}" in weight file ${path}`);
  }
  return [Buffer.from(octets).toString('latin1'), weight];
}

function ownerKey(text: string, path: string): string {
  const wrong = `wrong domain name:"${text}" in weight file ${path}.`;
  if (addressOf(text) !== undefined) throw new RangeError(`${wrong} (Maybe a missing weight value?)`);
  try {
    const name = nameFromText(text);
    foldInto(name, 0, name.length, name, 0);
    return Buffer.from(name).toString('latin1');
  } catch (cause) {
    throw new RangeError(wrong, { cause });
  }
}

const addressOf = (text: string): Uint8Array | undefined => ipv4FromText(text) ?? ipv6FromText(text);
