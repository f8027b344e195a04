/**
 * Whether the rules stand, for the price of a system call: a datagram to an address and port that they do not let out (`host/rules.ts`). That
 * they are whole, and what is armed, only `Rules.inspect` can say.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { codeOf } from '../base/error-message.ts';
import { CANARY_ADDRESSES, CANARY_PORT } from '../host/rules.ts';

export interface Canary {
  /** `unknown` where the datagram could not be tried. Never rejects. */
  look(): Promise<'standing' | 'gone' | 'unknown'>;
  close(): void;
}

type Family = keyof typeof CANARY_ADDRESSES;
const TYPES = { 4: 'udp4', 6: 'udp6' } as const;
const NOTHING = new Uint8Array(0);

export class DatagramCanary implements Canary {
  private readonly sockets: readonly (readonly [Family, Socket])[];

  /** @param addresses of the plan: the canary has their families */
  constructor(addresses: readonly string[]) {
    const families = new Set<Family>(addresses.map((address) => (address.includes(':') ? 6 : 4)));
    this.sockets = [...families].map((family) => {
      const socket = createSocket(TYPES[family]);
      socket.on('error', () => undefined);
      socket.unref();
      return [family, socket] as const;
    });
  }

  async look(): Promise<'standing' | 'gone' | 'unknown'> {
    const found = await Promise.all(this.sockets.map(([family, socket]) => send(family, socket)));
    if (found.includes('gone')) return 'gone';
    return found.includes('unknown') ? 'unknown' : 'standing';
  }

  close(): void {
    for (const [, socket] of this.sockets) socket.close();
  }
}

const send = (family: Family, socket: Socket): ReturnType<Canary['look']> =>
  new Promise((resolve) => {
    try {
      socket.send(NOTHING, CANARY_PORT, CANARY_ADDRESSES[family], (error) => {
        if (error === null) resolve('gone');
        else resolve(codeOf(error) === 'EPERM' ? 'standing' : 'unknown');
      });
    } catch {
      resolve('unknown');
    }
  });
