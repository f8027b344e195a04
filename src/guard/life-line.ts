/**
 * A line between `run` and its child that nothing is sent over: it breaks when the child's sockets are closed, which they are as soon as its main
 * thread has gone (`cli/sockets-end-first.ts`). The child has not ended before its other threads have gone too, each of which wants a processor for
 * that; and host processes would ask in vain meanwhile.
 */

/** The child's descriptor, behind its standard ones. */
export const LIFE_LINE = 3;
/** In the child's environment: its number. A child that does not know it keeps it to its end. */
export const LIFE_LINE_VARIABLE = 'NODELOCALDNS_LIFE_LINE';
