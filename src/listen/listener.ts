/** What the two UDP listeners and the TCP listener have in common for those who own them. */
import type { Handler } from '../chain/handler.ts';
import type { ServerIdentity } from '../chain/identity.ts';
import type { TcpLimits } from './tcp-limits.ts';

/** What a listener needs to know of the server behind it; swapped as a whole on reload. */
export interface Endpoint {
  readonly server: ServerIdentity;
  /** Zone match and chains. Neither throws nor rejects. */
  readonly handler: Handler;
  /** The most octets of a reply over UDP, unless a handler says otherwise. */
  readonly udpPayload: number;
  /** The defaults unless given. */
  readonly tcpLimits?: TcpLimits;
}

export interface Listener {
  /** As bound: address, and the port that was given by the system where 0 was asked for. */
  readonly address: string;
  readonly port: number;
  /** Queries read from now on go to this endpoint; those under way stay with the old one. */
  serve(endpoint: Endpoint): void;
  /** Queries that have been read and not been answered yet. */
  readonly inFlight: number;
  /**
   * From now on other sockets of ours may be bound beside this one: to an address that is among its own, or has it among its own.
   * @returns whether they may; false where the system cannot be asked
   */
  share(): boolean;
  /**
   * Stops taking queries once those that wait in the socket have been read, sends every answer that is still due within `graceMs`, then
   * closes. Resolves when the socket is closed.
   */
  drain(graceMs: number): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}
