/** What `run` tells its child `serve` by the environment, beside flags. */

/** The name of this start, by which the guard's probes know it; `serve/presence.ts` reads it. */
export const INSTANCE_VARIABLE = 'NODELOCALDNS_INSTANCE';
/** The file in which the guard keeps its numbers, for the one page that is scraped. */
export const GUARD_NUMBERS_VARIABLE = 'NODELOCALDNS_GUARD_NUMBERS';
/** The name under which the child gives its numbers to the guard's page (`observe/numbers-socket.ts`). */
export const SERVE_NUMBERS_VARIABLE = 'NODELOCALDNS_SERVE_NUMBERS';
/** Process id of the parent without which the child must not live. */
export const PARENT_VARIABLE = 'NODELOCALDNS_PARENT';
/** Set where nobody has told the kernel to end the child with its parent: the child does. */
export const WATCH_PARENT_VARIABLE = 'NODELOCALDNS_WATCH_PARENT';
