/** What a `forward` line says, and how it is read. Defaults, bounds and messages are CoreDNS's; `max_qps` and `hedge` are ours. */
import { readFileSync } from 'node:fs';
import { formatDuration } from '../../base/duration.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import {
  durationArgument,
  noArguments,
  oneArgument,
  someArguments,
  told,
  unknownProperty,
} from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { normalizeZone } from '../../corefile/zone-key.ts';
import { nameFromText } from '../../wire/name.ts';
import { NOERROR } from '../../wire/registry.ts';
import { count, rcode, span, zonesOf } from './option-arguments.ts';
import { readResolver } from './resolvers.ts';
import type { ServerAddress } from './resolvers.ts';
import { readSourceAddresses } from './source-address.ts';
import type { SourceAddresses } from './source-address.ts';
import { readTargets } from './targets.ts';
import type { Destination } from './targets.ts';

export type Policy = 'random' | 'round_robin' | 'sequential';
const POLICIES: ReadonlySet<string> = new Set<Policy>(['random', 'round_robin', 'sequential']);

export interface ForwardOptions {
  /** The zone that is forwarded, in wire form, folded. */
  from: Uint8Array;
  /** Zones under `from` that are not. */
  except: Uint8Array[];
  upstreams: Destination[];
  policy: Policy;
  forceTcp: boolean;
  preferUdp: boolean;
  maxFails: number;
  healthCheckIntervalMs: number;
  healthCheckRecursion: boolean;
  /** Wire form. */
  healthCheckDomain: Uint8Array;
  expireMs: number;
  /** 0: none. */
  maxAgeMs: number;
  /** 0: no limit. */
  maxIdleConnections: number;
  readTimeoutMs: number;
  /** Queries under way; 0: no limit. */
  maxConcurrent: number;
  /** Questions a second to each upstream; 0: no limit. */
  maxQps: number;
  /** A second upstream is asked while the first one is slow. */
  hedge: boolean;
  /** Attempts for one query; 0: three for each upstream, as time allows. Undefined: two for each. */
  maxConnectAttempts: number | undefined;
  failfastAllUnhealthy: boolean;
  /** Rcodes with which the next `forward` line is asked instead. */
  nextRcodes: Set<number>;
  nextOnNodata: boolean;
  /** Rcodes with which another upstream of this line is asked instead. */
  failoverRcodes: Set<number>;
  tls: { cert?: Buffer; key?: Buffer; ca?: Buffer } | undefined;
  tlsServerName: string | undefined;
  /** Where upstreams are asked from. */
  sourceAddresses: SourceAddresses;
  /** Who is asked for the addresses of host names; none: the name servers of the node. */
  resolvers: ServerAddress[];
}

export const MAX_UPSTREAMS = 15;

/** Reads one `forward` line; the cursor stands on its name. */
export function readForwardOptions(cursor: Cursor, context: SetupContext): ForwardOptions {
  const [from, ...targets] = cursor.remainingArgs();
  if (from === undefined || targets.length === 0) throw cursor.argError();
  const options = defaults(zoneOf(from, cursor, context));
  while (cursor.nextBlock()) readOption(cursor, options);
  options.upstreams = readTargets(targets, cursor, context, options);
  if (options.upstreams.length > MAX_UPSTREAMS) {
    throw cursor.error(`more than ${MAX_UPSTREAMS} TOs configured: ${options.upstreams.length}`);
  }
  if (options.maxAgeMs > 0 && options.maxAgeMs < options.expireMs) {
    throw cursor.error(
      `max_age (${formatDuration(options.maxAgeMs)}) must not be less than ` +
        `expire (${formatDuration(options.expireMs)})`,
    );
  }
  return options;
}

function defaults(from: Uint8Array): ForwardOptions {
  return {
    from,
    except: [],
    upstreams: [],
    policy: 'random',
    forceTcp: false,
    preferUdp: false,
    maxFails: 2,
    healthCheckIntervalMs: 500,
    healthCheckRecursion: true,
    healthCheckDomain: Uint8Array.of(0),
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdleConnections: 0,
    readTimeoutMs: 2_000,
    maxConcurrent: 0,
    maxQps: 0,
    hedge: false,
    maxConnectAttempts: undefined,
    failfastAllUnhealthy: false,
    nextRcodes: new Set(),
    nextOnNodata: false,
    failoverRcodes: new Set(),
    tls: undefined,
    tlsServerName: undefined,
    sourceAddresses: [],
    resolvers: [],
  };
}

function zoneOf(text: string, cursor: Cursor, context: SetupContext): Uint8Array {
  let zones: string[];
  try {
    zones = normalizeZone(text);
  } catch {
    throw cursor.error(`unable to normalize '${text}'`);
  }
  if (zones.length > 1) {
    context.log.warn(
      `Unsupported CIDR notation: '${text}' expands to multiple zones. Using only '${zones[0]}'.`,
    );
  }
  return nameFromText(zones[0]);
}

type ReadOption = (cursor: Cursor, options: ForwardOptions) => void;

const OPTIONS: Readonly<Record<string, ReadOption>> = {
  except(cursor, options) {
    for (const zone of someArguments(cursor)) options.except.push(...zonesOf(zone, cursor));
  },
  policy(cursor, options) {
    const policy = oneArgument(cursor);
    if (!POLICIES.has(policy)) throw cursor.error(`unknown policy '${policy}'`);
    options.policy = policy as Policy;
  },
  force_tcp(cursor, options) {
    noArguments(cursor);
    options.forceTcp = true;
  },
  prefer_udp(cursor, options) {
    noArguments(cursor);
    options.preferUdp = true;
  },
  max_fails(cursor, options) {
    options.maxFails = count(cursor, "max_fails can't be negative");
  },
  health_check: readHealthCheck,
  expire(cursor, options) {
    options.expireMs = span(cursor, "expire can't be negative");
  },
  max_age(cursor, options) {
    options.maxAgeMs = span(cursor, "max_age can't be negative");
  },
  max_idle_conns(cursor, options) {
    options.maxIdleConnections = count(cursor, "max_idle_conns can't be negative");
  },
  read_timeout(cursor, options) {
    options.readTimeoutMs = span(cursor, 'read_timeout must be positive');
    if (options.readTimeoutMs === 0) throw cursor.error('read_timeout must be positive: 0s');
  },
  max_concurrent(cursor, options) {
    options.maxConcurrent = count(cursor, "max_concurrent can't be negative");
  },
  max_qps(cursor, options) {
    options.maxQps = count(cursor, "max_qps can't be negative");
  },
  hedge(cursor, options) {
    noArguments(cursor);
    options.hedge = true;
  },
  max_connect_attempts(cursor, options) {
    options.maxConnectAttempts = count(cursor, "max_connect_attempts can't be negative");
  },
  failfast_all_unhealthy_upstreams(cursor, options) {
    noArguments(cursor);
    options.failfastAllUnhealthy = true;
  },
  next(cursor, options) {
    for (const text of someArguments(cursor)) options.nextRcodes.add(rcode(text, cursor));
  },
  next_on_nodata(cursor, options) {
    noArguments(cursor);
    options.nextOnNodata = true;
  },
  failover(cursor, options) {
    for (const text of someArguments(cursor)) {
      const code = rcode(text, cursor);
      if (code === NOERROR) throw cursor.error('NoError cannot be used in failover');
      options.failoverRcodes.add(code);
    }
  },
  tls: readTls,
  tls_servername(cursor, options) {
    options.tlsServerName = oneArgument(cursor);
  },
  source_address(cursor, options) {
    options.sourceAddresses = readSourceAddresses(cursor);
  },
  resolver(cursor, options) {
    options.resolvers.push(...someArguments(cursor).map((text) => readResolver(text, cursor)));
  },
};

function readOption(cursor: Cursor, options: ForwardOptions): void {
  const read = Object.hasOwn(OPTIONS, cursor.value) ? OPTIONS[cursor.value] : undefined;
  if (read === undefined) throw unknownProperty(cursor);
  read(cursor, options);
}

/** `health_check DURATION [no_rec] [domain FQDN]` */
function readHealthCheck(cursor: Cursor, options: ForwardOptions): void {
  const args = someArguments(cursor);
  const intervalMs = durationArgument(cursor, args[0]);
  if (intervalMs < 0) throw cursor.error(`health_check can't be negative: ${args[0]}`);
  options.healthCheckIntervalMs = intervalMs;
  for (let i = 1; i < args.length; i++) {
    if (args[i] === 'no_rec') {
      options.healthCheckRecursion = false;
    } else if (args[i] === 'domain') {
      const domain = args[++i];
      if (domain === undefined) throw cursor.argError();
      try {
        options.healthCheckDomain = nameFromText(domain);
      } catch {
        throw cursor.error(`health_check: invalid domain name ${domain}`);
      }
    } else {
      throw cursor.error(`health_check: unknown option ${args[i]}`);
    }
  }
}

/** `tls [CERT KEY [CA] | CA]` */
function readTls(cursor: Cursor, options: ForwardOptions): void {
  const args = cursor.remainingArgs();
  if (args.length > 3) throw cursor.argError();
  const read = (path: string): Buffer =>
    told(
      cursor,
      () => readFileSync(path),
      (reason) => `open ${path}: ${reason}`,
    );
  if (args.length === 1) options.tls = { ca: read(args[0]) };
  else if (args.length === 2) options.tls = { cert: read(args[0]), key: read(args[1]) };
  else if (args.length === 3) options.tls = { cert: read(args[0]), key: read(args[1]), ca: read(args[2]) };
  else options.tls = {};
}
