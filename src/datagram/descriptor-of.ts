/** The descriptor behind a server or socket of Node, which shows it in its handle only. */
import type { Server, Socket } from 'node:net';

/** @returns -1 where there is none, or with a Node that hides it */
export function descriptorOf(owner: Server | Socket): number {
  const handle: unknown = Reflect.get(owner, '_handle');
  if (typeof handle !== 'object' || handle === null) return -1;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' ? fd : -1;
}
