/**
 * Whether the rules stand, for the price of a system call: a datagram to an address and port that they do not let out (`host/rules.ts`). That
 * they are whole, and what is armed, only `Rules.inspect` can say.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { codeOf } from '../base/error-message.ts';
import { CANARY_ADDRESSES, CANARY_PORT } from '../host/rules.ts';

type Sight = 'standing' | 'gone' | 'unknown';

export interface Canary {
  /** `unknown` where the datagram could not be tried. Never rejects. */
  look(): Promise<Sight>;
  close(): void;
}

type Family = keyof typeof CANARY_ADDRESSES;
const TYPES = { 4: 'udp4', 6: 'udp6' } as const;
const NOTHING = new Uint8Array(0);

/** What the attempt to send comes to. Once a datagram has left, the next attempt is told that nobody listens there. */
const SIGHTS: ReadonlyMap<string | undefined, Sight> = new Map([
  ['EPERM', 'standing'],
  ['ECONNREFUSED', 'gone'],
]);

export class DatagramCanary implements Canary {
  private readonly senders: readonly Sender[];

  /** @param addresses of the plan: the canary has their families */
  constructor(addresses: readonly string[]) {
    const families = new Set<Family>(addresses.map((address) => (address.includes(':') ? 6 : 4)));
    this.senders = [...families].map((family) => new Sender(family));
  }

  async look(): Promise<Sight> {
    const found = await Promise.all(this.senders.map((sender) => sender.look()));
    if (found.includes('gone')) return 'gone';
    return found.includes('unknown') ? 'unknown' : 'standing';
  }

  close(): void {
    for (const sender of this.senders) sender.close();
  }
}

/** The socket of one family. Connected, which makes sending a third as expensive; that fails only where the family has no loopback. */
class Sender {
  private readonly family: Family;
  private readonly socket: Socket;
  private connected = false;

  constructor(family: Family) {
    this.family = family;
    this.socket = createSocket(TYPES[family]);
    this.socket.on('error', () => undefined);
    this.socket.on('connect', () => (this.connected = true));
    this.connect();
    this.socket.unref();
  }

  look(): Promise<Sight> {
    if (!this.connected) {
      this.connect();
      return Promise.resolve('unknown');
    }
    return new Promise((resolve) => {
      this.socket.send(NOTHING, (error) => {
        resolve(error === null ? 'gone' : (SIGHTS.get(codeOf(error)) ?? 'unknown'));
      });
    });
  }

  close(): void {
    this.socket.close();
  }

  /** Does nothing while an attempt is under way. */
  private connect(): void {
    try {
      this.socket.connect(CANARY_PORT, CANARY_ADDRESSES[this.family]);
    } catch {
      // It is tried again at the next look.
    }
  }
}
