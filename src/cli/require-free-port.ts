/**
 * Whether somebody answers on our addresses already: looked at before the host is changed, since a second `run` whose child finds its ports taken
 * would take the first one's rules and interface away on its way out. An address that is not there yet is free.
 */
import { createSocket } from 'node:dgram';
import { codeOf } from '../base/error-message.ts';
import { findPortHolder } from '../base/port-holder.ts';

/** @throws Error that names the address and, if it can be found out, who has its port */
export async function requireFreePort(addresses: readonly string[], port: number): Promise<void> {
  for (const address of addresses) {
    if (!(await isTaken(address, port))) continue;
    const holder = findPortHolder('udp', port);
    const by = holder === undefined ? '' : ` by ${holder}`;
    throw new Error(`udp ${address} port ${port}: address already in use${by}; the host was not touched`);
  }
}

/** Bound and closed again; whatever else keeps us from binding is for `serve` to say. */
function isTaken(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const isIpv6 = address.includes(':');
    const socket = createSocket(isIpv6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    const settle = (taken: boolean): void => {
      socket.close();
      resolve(taken);
    };
    socket.once('error', (error) => settle(codeOf(error) === 'EADDRINUSE'));
    socket.bind({ address, port, exclusive: true }, () => settle(false));
  });
}
