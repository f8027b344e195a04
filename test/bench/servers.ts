/** Every server that the benchmark knows, in the order in which they are shown. To add one, write its row in `servers/` and list it here. */
import { DNSDIST } from './servers/dnsdist.ts';
import { DNSMASQ } from './servers/dnsmasq.ts';
import { ECHO_BATCH, ECHO_C } from './servers/echoes.ts';
import { KNOT_RESOLVER } from './servers/knot-resolver.ts';
import { OURS, OURS_DGRAM, OURS_EPOLL, OURS_FORCE_TCP } from './servers/ours.ts';
import { PDNS_RECURSOR } from './servers/pdns-recursor.ts';
import type { Server } from './servers/server.ts';
import { UNBOUND } from './servers/unbound.ts';

export const SERVERS: readonly Server[] = [
  OURS,
  OURS_DGRAM,
  OURS_EPOLL,
  OURS_FORCE_TCP,
  UNBOUND,
  DNSDIST,
  PDNS_RECURSOR,
  KNOT_RESOLVER,
  DNSMASQ,
  ECHO_C,
  ECHO_BATCH,
];
