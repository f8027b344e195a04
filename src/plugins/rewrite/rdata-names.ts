/** The RDATA of a record with the one name that rules may change, its names written out in full. */
import { MALFORMED, expandName } from '../../wire/name.ts';
import { skipField } from '../../wire/records.ts';
import type { RecordWalk } from '../../wire/records.ts';
import {
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_MX,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SOA,
  TYPE_SRV,
  recordType,
} from '../../wire/registry.ts';
import type { MutableName } from './mutable-name.ts';

const TYPE_NAPTR = 35;

/** Types whose first name in RDATA is a value that rules are about; of an SOA that is the primary server. */
const VALUE_TYPES: ReadonlySet<number> = new Set([
  TYPE_SRV,
  TYPE_MX,
  TYPE_CNAME,
  TYPE_NS,
  TYPE_DNAME,
  TYPE_NAPTR,
  TYPE_SOA,
  TYPE_PTR,
]);

const MAX_GROWTH_OCTETS = 2 * 255;

/**
 * @param walk on a record of a sound message
 * @param name scratch; after a change that led to no name its `invalid` is set
 * @param change what to do to the value
 * @returns the RDATA without compression: octets of their own, or a view of the message where there is no name in it
 */
export function rdataWith(
  walk: RecordWalk,
  name: MutableName,
  change: (value: MutableName) => void,
): Uint8Array {
  const { message, rdataOffset, rdataLength } = walk;
  const end = rdataOffset + rdataLength;
  const layout = recordType(walk.type)?.layout ?? '*';
  if (!layout.includes('n')) return message.subarray(rdataOffset, end);
  const out = new Uint8Array(rdataLength + MAX_GROWTH_OCTETS);
  let isValue = VALUE_TYPES.has(walk.type);
  let offset = rdataOffset;
  let at = 0;
  for (const field of layout) {
    const next = skipField(field, message, offset, end, name.octets);
    if (next === MALFORMED) break;
    if (field === 'n') {
      name.loaded(expandName(message, offset, walk.end, name.octets, 0));
      if (isValue) change(name);
      if (name.invalid !== undefined) break;
      isValue = false;
      out.set(name.view(), at);
      at += name.length;
    } else {
      out.set(message.subarray(offset, next), at);
      at += next - offset;
    }
    offset = next;
  }
  return out.subarray(0, at);
}
