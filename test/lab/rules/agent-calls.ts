/** What a test tells an agent (`agent.ts`) and what the agent says. No behaviour. */

export interface Endpoint {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

export interface Listen extends Endpoint {
  /** Answers with the AA bit set, to be told apart from those of another. */
  readonly authoritative?: boolean;
}

export interface Ask extends Endpoint {
  /** The rcode that a listening agent answers with; `SILENCE` for no answer. */
  readonly rcode: number;
  readonly fromPort?: number;
  readonly timeoutMs: number;
}

export type Call =
  | ({ readonly what: 'listen' } & Listen)
  | ({ readonly what: 'close' } & Endpoint)
  /** Said: `rcode N`, `authoritative rcode N`, `nothing`, `closed`, or an error's code. */
  | ({ readonly what: 'ask' } & Ask)
  /** As `ask` over TCP, with a connection that stays open. */
  | ({ readonly what: 'keep' } & Ask)
  /** Over the connection that was kept. */
  | ({ readonly what: 'ask again' } & Ask);

export interface Reply {
  readonly id: number;
  readonly said?: string;
  readonly failed?: string;
}

export const NOERROR = 0;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const REFUSED = 5;
/** No rcode that is in use. */
export const SILENCE = 15;
