/**
 * When the cache's sockets are gone. A killed process keeps them until the kernel has freed its memory, and what arrives meanwhile nobody answers,
 * whatever the rules say; from then on not one query of a pod may be lost.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Namespace } from './namespace.ts';

/** Local addresses stand behind the number of the line; port 53 is 0035. */
const LISTENER = /^\s*\d+: [0-9A-F]+:0035 /m;
const LOOK_MS = 1;
const MOST_MS = 2_000;

export interface SocketWatch {
  /** Resolves when no UDP socket of the host is bound to port 53, within a millisecond or two. @throws {Error} when one stays */
  untilClosed(): Promise<void>;
  stop(): void;
}

/** The kernel shows the sockets of a namespace to who asks for those of a process in it; here one that sleeps. */
export async function watchSockets(host: Namespace): Promise<SocketWatch> {
  const sleeper = host.start(['sleep', 'infinity']);
  const read = (file: string): string => readFileSync(`/proc/${sleeper.pid}/${file}`, 'latin1');
  await eventually(() => read('comm').trim() === 'sleep');
  const isOpen = (): boolean => ['net/udp', 'net/udp6'].some((file) => LISTENER.test(read(file)));
  return {
    async untilClosed() {
      for (const endMs = performance.now() + MOST_MS; isOpen();) {
        if (performance.now() > endMs) throw new Error(`a socket on port 53 stays for ${MOST_MS} ms`);
        await delay(LOOK_MS);
      }
    },
    stop: () => sleeper.signal('SIGKILL'),
  };
}
