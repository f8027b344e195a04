/** Whether a name will do for the interface: for the kernel, and as a word in commands and rules. */

/** IFNAMSIZ less the octet that ends it. */
const MOST_OCTETS = 15;
/** The kernel takes all but `/`, `:` and white space; these do in nftables sets and configuration files too. */
const NAME = /^[a-z0-9_][a-z0-9_.-]*$/i;

/** @returns the name. @throws {RangeError} with what was expected and what was found */
export function checkLinkName(name: string): string {
  if (NAME.test(name) && name.length <= MOST_OCTETS) return name;
  const expected = `1 to ${MOST_OCTETS} letters, digits, "_", "." or "-" (none of the last two in front)`;
  throw new RangeError(
    `-interfacename: ${JSON.stringify(name)} is no name for an interface: expected ${expected}`,
  );
}
