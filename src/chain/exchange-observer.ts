/**
 * How a plugin watches what another one asks of other servers (`dnstap` watches `forward`), without either knowing the other. Where nobody
 * watches, an exchange costs what it costs without this.
 */
import type { Query, Transport } from './query.ts';

/** Where a question goes. */
export interface ExchangeSight {
  /** `ip:port`, IPv6 in brackets. */
  readonly upstream: string;
  /** How the question is sent first; a truncated answer over UDP is asked again over TCP without another word. */
  readonly transport: Transport | 'tls';
}

/** Who is told how one exchange ended. */
export interface ExchangeWatch {
  /**
   * To be called once; must not throw. The octets are only read, and not after the call.
   * @param message the question as it was laid out; its id is not the one that was sent
   * @param reply as it came, checked; undefined where none did
   */
  ended(message: Uint8Array, reply: Uint8Array | undefined): void;
}

export interface ExchangeObserver {
  /**
   * A question is about to be sent. Must not throw.
   * @param query on whose behalf; read during the call only
   * @returns undefined where nobody wants to know how it ends
   */
  begin(query: Query, sight: ExchangeSight): ExchangeWatch | undefined;
}
