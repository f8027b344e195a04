/**
 * The zones that a directive is about, and which of them a name belongs to. Zones come from the directive's own arguments or, without
 * any, from the keys of its server block. What a zone's text may be is decided in `corefile/zone-key.ts`.
 */
import { normalizeZone } from '../corefile/zone-key.ts';
import { foldInto, nameFromText } from '../wire/name.ts';
import type { Zone } from './identity.ts';

/**
 * Zones of a directive: those named by `args` in their order (a CIDR becomes one or more reverse zones), or the block's own when there
 * are no arguments.
 *
 * @throws RangeError for an argument that is not a zone
 */
export function zonesFromArgs(
  args: readonly string[],
  context: { readonly zones: readonly Zone[] },
): readonly Zone[] {
  return args.length === 0 ? context.zones : namedZones(args);
}

/**
 * The zones that `texts` name, indexed in their order.
 *
 * @throws RangeError for a text that is not a zone
 */
export function namedZones(texts: readonly string[]): Zone[] {
  return texts.flatMap((text) => normalizeZone(text)).map(toZone);
}

/**
 * The zone with the most labels that holds the name; the first of equal ones. Compares octets, so the name has to be folded already, as
 * zones are.
 *
 * @param foldedName expanded, folded; `length` octets of it count
 */
export function matchZone(zones: readonly Zone[], foldedName: Uint8Array, length: number): Zone | undefined {
  // From the whole name towards the root, so that the first hit is the longest.
  for (let offset = 0; offset < length; offset += foldedName[offset] + 1) {
    for (const zone of zones) {
      if (zone.name.length === length - offset && endsWith(foldedName, offset, zone.name)) return zone;
    }
  }
  return undefined;
}

function toZone(text: string, index: number): Zone {
  const name = nameFromText(text);
  // The text is in lower case; an escape such as \065 may still stand for a capital.
  foldInto(name, 0, name.length, name, 0);
  return { text, name, index };
}

function endsWith(name: Uint8Array, offset: number, suffix: Uint8Array): boolean {
  for (let i = 0; i < suffix.length; i++) if (name[offset + i] !== suffix[i]) return false;
  return true;
}
