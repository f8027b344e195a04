/** What a client's TCP connection may take, in time and in queries; the plugin `timeouts` changes it. */

export interface TcpLimits {
  /** From connect to first complete message, and from first to last octet of each, in milliseconds. */
  readonly messageMs: number;
  /** Without a query under way, in milliseconds. */
  readonly idleMs: number;
  /** With answers of which the client takes none, in milliseconds. */
  readonly stalledMs: number;
  /** Queries that are answered; then the connection is closed. */
  readonly maxQueries: number;
}

/** CoreDNS: 3 s for the first message. */
export const MESSAGE_MS = 3_000;
/** RFC 7766 section 6.2.3: in the order of seconds. CoreDNS: 10 s. */
export const IDLE_MS = 10_000;
export const STALLED_MS = 5_000;

/** As in CoreDNS, but for the answers, which wait there for ever. */
export const DEFAULT_TCP_LIMITS: TcpLimits = {
  messageMs: MESSAGE_MS,
  idleMs: IDLE_MS,
  stalledMs: STALLED_MS,
  maxQueries: Infinity,
};
