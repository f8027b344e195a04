/**
 * File descriptors of this process: how many there may be, how many there are. Everything that waits for somebody else needs one, so the
 * last of them are not for clients: an upstream, a page, a file that has changed would go without. The kernel gives the lowest free number,
 * so the number of a new descriptor says how many are in use, for nothing.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { codeOf } from '../base/error-message.ts';
import type { PassingTrouble } from './passing-trouble.ts';

/** For upstreams (up to 64 UDP sockets each), pages and files. */
const MOST_RESERVED = 256;
/** Of a small number, a quarter. */
const RESERVED_SHARE = 4;
/** How often it is looked whether any are left; at least twice in the time after which their lack is taken to be over (`PassingTrouble`). */
const LOOK_MS = 2_500;

/** The errors of having none: of this process, and of the whole system. */
const NONE_LEFT: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** How many descriptors this process may have (RLIMIT_NOFILE); undefined where the system does not say, or has no limit. */
export function descriptorLimit(): number | undefined {
  try {
    const digits = /^Max open files +([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}

export class Descriptors {
  private readonly trouble: PassingTrouble;
  /** The first that clients do not get. */
  private readonly firstReserved: number;
  private timer: NodeJS.Timeout | undefined;

  /** @param limit as from `descriptorLimit`, when the process began */
  constructor(limit: number | undefined, trouble: PassingTrouble) {
    this.trouble = trouble;
    this.firstReserved =
      limit === undefined ? Infinity : limit - Math.min(MOST_RESERVED, Math.floor(limit / RESERVED_SHARE));
  }

  /** Whether a client may have the connection that got this descriptor. Where not, that is trouble, and said. */
  mayServe(fd: number): boolean {
    if (fd < this.firstReserved) return true;
    this.trouble.note('few file descriptors are left: no more TCP connections of clients are taken');
    return false;
  }

  /** Looks now and then whether there is any descriptor left. What lacks one finds out by itself; this is for the log and the metric. */
  watch(): void {
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.trouble.close();
  }

  private look(): void {
    try {
      closeSync(openSync('/dev/null', 'r'));
    } catch (error) {
      if (NONE_LEFT.has(codeOf(error))) this.trouble.note('no file descriptors are left');
    }
  }
}
