/** Names that stand on the host, by which a later process knows what is ours. All chains of table raw that begin so are. */

export const CHAIN_PREFIX = 'NODELOCALDNS-';

/** The chain where each built-in chain sends its packets first. */
export const ENTRIES = { PREROUTING: `${CHAIN_PREFIX}PRE`, OUTPUT: `${CHAIN_PREFIX}OUT` } as const;

/** Queries from pods that are intercepted; queries from this host that are; what goes to an address; what comes from one. */
export const IN = `${CHAIN_PREFIX}IN`;
export const ASK = `${CHAIN_PREFIX}ASK`;
export const TO = `${CHAIN_PREFIX}TO`;
export const FROM = `${CHAIN_PREFIX}FROM`;
