/**
 * What plugins say of themselves while they are set up, as data: what `check --explain` prints and what its warnings are found in. Only what
 * decides where a name goes and how long an answer is kept; whatever else a directive says is for its README.
 */

/** One line of a plugin that asks other servers. */
export interface ForwardFacts {
  readonly kind: 'forward';
  /** `file:line` of the line. */
  readonly place: string;
  /** Names under it are forwarded, in lower case with final dot, but for those under `except`. */
  readonly from: string;
  readonly except: readonly string[];
  readonly upstreams: readonly UpstreamFacts[];
  /** How queries go there: as they came, always by TCP, or by UDP first. TLS is what it is. */
  readonly transport: 'as asked' | 'tcp' | 'udp';
  readonly policy: string;
  /** Whether another line may be asked after this one. */
  readonly handsOn: boolean;
}

export interface UpstreamFacts {
  readonly protocol: 'dns' | 'tls';
  /** An IP address, or a host name. */
  readonly host: string;
  readonly port: number;
}

/** The bounds of a cache. */
export interface CacheFacts {
  readonly kind: 'cache';
  /** Zones whose answers are kept, in lower case with final dot. */
  readonly zones: readonly string[];
  readonly success: StoreFacts;
  readonly denial: StoreFacts;
  /** How long a SERVFAIL is remembered; 0 for not at all. */
  readonly failureSeconds: number;
  /** For how long after its end an answer may still be given; 0 for not at all. */
  readonly staleSeconds: number;
  readonly prefetches: boolean;
}

export interface StoreFacts {
  /** Entries. */
  readonly capacity: number;
  readonly minTtlSeconds: number;
  readonly maxTtlSeconds: number;
  /** Zones whose answers of this kind are not kept. */
  readonly disabledZones: readonly string[];
}

export type Fact = ForwardFacts | CacheFacts;
