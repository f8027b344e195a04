/**
 * Whether somebody answers on our addresses already, a DNS server of the host for one: looked at before the host is changed. An address that is
 * not there yet is free. The child of a `run` that was killed a moment ago is about to die too, and is waited for.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../base/error-message.ts';
import { findPortHolder } from '../base/port-holder.ts';

const WAIT_MS = 1_000;
const LOOK_MS = 50;

/** @throws Error that names the address and, if it can be found out, who has its port */
export async function requireFreePort(addresses: readonly string[], port: number): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  for (const address of addresses) {
    if (!(await staysTaken(address, port, endMs))) continue;
    const holder = findPortHolder('udp', port);
    const by = holder === undefined ? '' : ` by ${holder}`;
    throw new Error(`udp ${address} port ${port}: address already in use${by}; the host was not touched`);
  }
}

async function staysTaken(address: string, port: number, endMs: number): Promise<boolean> {
  while (await isTaken(address, port)) {
    if (performance.now() >= endMs) return true;
    await delay(LOOK_MS);
  }
  return false;
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
