/** What an upstream is told about itself: where it is and how it is to be asked. Reading this out of a Corefile is `forward`'s business. */
import type { QueryQuota } from './query-quota.ts';

export interface UpstreamAddress {
  /** `dns` is UDP and TCP; `tls` is DNS over TLS (RFC 7858) whatever transport is asked for. */
  readonly protocol: 'dns' | 'tls';
  /** An IP literal, which the caller has checked with `net.isIP`: a name here would be looked up through ourselves. */
  readonly host: string;
  readonly port: number;
  /** The name that the certificate has to carry, for this upstream alone. */
  readonly serverName?: string;
}

export interface TlsSettings {
  /** Our own certificate and key, PEM. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Authorities that the upstream's certificate has to come from, PEM; those of Node when left out. */
  readonly ca?: string | Buffer;
  readonly serverName?: string;
}

export interface UpstreamSettings {
  /** How long an idle connection is kept, and how long a UDP socket takes queries. */
  readonly expireMs: number;
  /** The longest that one exchange lasts, whatever its deadline. */
  readonly readTimeoutMs: number;
  /** The upstream is down when more health checks than this have failed in a row; 0 means never, and no health checks. */
  readonly maxFails: number;
  readonly healthCheckIntervalMs: number;
  /** Wire form. */
  readonly healthCheckDomain: Uint8Array;
  readonly healthCheckRecursion: boolean;
  readonly healthCheckTransport: 'udp' | 'tcp';
  readonly tls?: TlsSettings;
  /** The age at which a connection takes no more queries, shortened by up to a quarter at random; 0 or nothing means ten minutes. */
  readonly maxAgeMs?: number;
  /** Connections kept without a query on them; 0 or nothing means as many as there are. */
  readonly maxIdleConnections?: number;
  /** How long it is tried to connect again to an upstream that was there a moment ago; 0 or nothing where another one can be asked. */
  readonly redialMs?: number;
  /** How many questions it is asked in a second, whoever shares this with it; no bound when left out. */
  readonly quota?: QueryQuota | undefined;
  /** The IP address to ask from. */
  readonly sourceAddress?: string;
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** The longest that a timer of Node takes; with more it would fire at once. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** The time as a timer takes it: whole milliseconds, one at least. */
export const timerMs = (ms: number): number => Math.min(Math.max(1, Math.ceil(ms)), MAX_TIMER_MS);
