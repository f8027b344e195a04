/**
 * Lets a listening socket rest: connections that come meanwhile wait in the kernel, or for their own next try where its queue is full, and
 * cost nobody anything. To take them and close them at once costs some 25 µs each, and a flood comes again at once. Node has no word for
 * it, so the descriptor is duplicated: Node closes its own, the socket lives on by the other one, and is handed over again.
 */
import type { Server } from 'node:net';
import { descriptorOf } from '../datagram/descriptor-of.ts';
import type { Libc } from '../datagram/libc.ts';
import { SOL_SOCKET, SO_BINDTOIFINDEX, SO_REUSEPORT, setSocketOption } from '../datagram/socket-option.ts';
import { clientFilter } from './client-filter.ts';

/** Of `SOL_SOCKET`. */
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
/** A number that no interface has; the system does not look. */
const NO_INTERFACE = 0x7fff_ffff;
/** `struct sock_fprog`: how many instructions, and where they are; here they are behind it. */
const PROGRAM_OCTETS = 16;
const INSTRUCTION_OCTETS = 8;
type Calls = Pick<Libc, 'duplicate' | 'close' | 'setsockopt' | 'addressOf'>;

export class AcceptPause {
  private readonly server: Server;
  private readonly libc: Calls;
  private readonly backlog: number;
  private fd: number;

  private constructor(server: Server, libc: Calls, backlog: number, fd: number) {
    this.server = server;
    this.libc = libc;
    this.backlog = backlog;
    this.fd = fd;
  }

  /** @returns undefined where it cannot be: with a Node that hides the descriptor, or when there is none left. */
  static of(server: Server, libc: Libc, backlog: number): AcceptPause | undefined {
    const fd = descriptorOf(server);
    if (fd < 0) return undefined;
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

  /** Takes no new connections of these clients, but of all others; where the system cannot do that, of all. */
  keepOut(clients: readonly string[]): void {
    if (this.fd < 0) return;
    const program = Buffer.concat([Buffer.alloc(PROGRAM_OCTETS), clientFilter(clients)]);
    program.writeUInt16LE((program.length - PROGRAM_OCTETS) / INSTRUCTION_OCTETS);
    program.writeBigUInt64LE(BigInt(this.libc.addressOf(program) + PROGRAM_OCTETS), 8);
    const option = clients.length === 0 ? SO_DETACH_FILTER : SO_ATTACH_FILTER;
    this.libc.setsockopt(this.fd, SOL_SOCKET, option, program, PROGRAM_OCTETS);
  }

  /** See `Listener.share`. */
  share(): boolean {
    return setSocketOption(this.libc, this.fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }

  /**
   * Leaves new connections to other sockets of the port, if none has the very same address, or to nobody. Those that have come already may still
   * be taken. Before Linux 5.7 they are left to nobody but this one.
   */
  leavePort(): void {
    setSocketOption(this.libc, this.fd, SOL_SOCKET, SO_BINDTOIFINDEX, NO_INTERFACE);
  }

  /** Holds the socket no more: it is gone once Node has closed it too. */
  close(): void {
    if (this.fd >= 0) this.libc.close(this.fd);
    this.fd = -1;
  }
}
