/**
 * What is legal in a Corefile and wrong: whatever is found in its explanation by itself, without a query or a look at the network. A rule
 * speaks only where it is sure that somebody would want to know.
 */
import { blockWarnings } from './block-warnings.ts';
import type { Explanation } from './explanation.ts';
import { shadowWarnings } from './shadow-warnings.ts';
import { canonicalAddresses, upstreamWarnings } from './upstream-warnings.ts';
import type { Warning } from './warning.ts';

/**
 * @param hostAddresses of this host, and those that are intercepted for it
 * @returns each once, in the order of the rules
 */
export function warningsOf({ blocks }: Explanation, hostAddresses: readonly string[]): Warning[] {
  return [
    ...upstreamWarnings(blocks, canonicalAddresses(hostAddresses)),
    ...shadowWarnings(blocks),
    ...blocks.flatMap(blockWarnings),
  ];
}
