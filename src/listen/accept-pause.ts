/**
 * Lets a listening socket rest: connections that come meanwhile wait in the kernel, or for their own next try where its queue is full, and
 * cost nobody anything. To take them and close them at once costs some 25 µs each, and a flood comes again at once. Node has no word for
 * it, so the descriptor is duplicated: Node closes its own, the socket lives on by the other one, and is handed over again.
 */
import type { Server } from 'node:net';
import { loadLibc } from '../datagram/libc.ts';
import type { Libc } from '../datagram/libc.ts';

export class AcceptPause {
  private readonly server: Server;
  private readonly libc: Pick<Libc, 'duplicate' | 'close'>;
  private readonly backlog: number;
  private fd: number;

  private constructor(server: Server, libc: Pick<Libc, 'duplicate' | 'close'>, backlog: number, fd: number) {
    this.server = server;
    this.libc = libc;
    this.backlog = backlog;
    this.fd = fd;
  }

  /** @returns undefined where it cannot be: without the C library, or with a Node that hides the descriptor. */
  static async of(server: Server, backlog: number): Promise<AcceptPause | undefined> {
    const libc = await loadLibc().catch(() => undefined);
    const fd = descriptorOf(server);
    if (libc === undefined || fd === undefined) return undefined;
    const held = libc.duplicate(fd);
    return held < 0 ? undefined : new AcceptPause(server, libc, backlog, held);
  }

  /** Takes no connections until `resume`. */
  pause(): void {
    if (this.server.listening) this.server.close();
  }

  /** Takes connections again, those that wait first. What fails is an `error` of the server, and may be tried again. */
  resume(): void {
    if (this.server.listening || this.fd < 0) return;
    const fd = this.libc.duplicate(this.fd);
    if (fd >= 0) this.server.listen({ fd, backlog: this.backlog });
  }

  /** Holds the socket no more: it is gone once Node has closed it too. */
  close(): void {
    if (this.fd >= 0) this.libc.close(this.fd);
    this.fd = -1;
  }
}

/** The descriptor of a listening server, which Node shows in its handle only. */
function descriptorOf(server: Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
