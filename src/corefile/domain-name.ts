// Which texts are domain names, and the one spelling of each that the rest compares. As liberal as CoreDNS: any
// character may stand in a label, and `\.` and `\DDD` escape one (RFC 1035, section 5.1). Only what could not be
// written into a message is refused. It does not know host names, reverse names or ports.

/** RFC 1035, section 2.3.4: octets in one label, and in a name with its length octets and the root. */
const MOST_LABEL_OCTETS = 63;
export const MOST_NAME_OCTETS = 255;

const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** Ends `name` with a dot, unless it ends with one that is not escaped. */
export function fullyQualify(name: string): string {
  const backslashes = /(\\*)\.$/.exec(name)?.[1]?.length;
  return backslashes !== undefined && backslashes % 2 === 0 ? name : `${name}.`;
}

/** Lower-cases ASCII letters only: that is how DNS compares names (RFC 4343), whatever other characters they have. */
export function lowerCaseName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * The octets that `name` takes in a message, length octets and root included; undefined when it is no domain name:
 * empty, with an empty label, a label of more than 63 octets or a broken escape. May be more than `MOST_NAME_OCTETS`.
 */
export function nameOctets(name: string): number | undefined {
  if (name === '') return undefined;
  const bytes = new TextEncoder().encode(fullyQualify(name));
  if (bytes.length === 1) return 1;
  let total = 1;
  let label = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    if (bytes[index] === DOT) {
      if (label === 0 || label > MOST_LABEL_OCTETS) return undefined;
      total += label + 1;
      label = 0;
      continue;
    }
    if (bytes[index] === BACKSLASH) {
      const length = escapeLength(bytes, index);
      if (length === 0) return undefined;
      index += length - 1;
    }
    label += 1;
  }
  // The name is fully qualified: letters behind the last dot mean that this dot was escaped by mistake (`a\`).
  return label === 0 ? total : undefined;
}

/** The characters of the escape at `index`; 0 when it is none. Three digits are one octet, anything else is itself. */
function escapeLength(bytes: Uint8Array, index: number): number {
  const digits = String.fromCharCode(...bytes.subarray(index + 1, index + 4));
  if (/^[0-9]{3}$/.test(digits)) return Number(digits) < 256 ? 4 : 0;
  return digits === '' ? 0 : 2;
}
