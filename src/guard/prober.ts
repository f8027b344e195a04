/**
 * Asks the server its own question (`wire/probe.ts`) over UDP and TCP, from the ports that are never tracked nor intercepted
 * (`host/rules.ts`), one after the other, so that of several processes behind one port each is asked. What an answer means for the
 * address is the lease's business, how long one is waited for the caller's.
 */
import type { Clock } from '../base/clock.ts';
import { FIRST_PROBE_PORT, PROBE_PORTS } from '../host/rules.ts';
import type { Probed, Proto } from './lease.ts';
import type { ProbeLine, Verdict } from './probe-line.ts';
import { TcpLine } from './tcp-line.ts';
import { UdpLine } from './udp-line.ts';

/**
 * Ports that somebody else holds are passed over, this many at most for one probe. Then any port will do: it reaches us as long as the
 * address is intercepted, and a link-local one always, so that nobody can end an interception by taking our ports.
 */
const MOST_PORTS_TRIED = 4;
const ANY_PORT = 0;

export type ProbeResult = Probed & Verdict;

export interface Prober {
  /**
   * Ends with an answer, with an error, or with `giveUp`. One question at a time for a protocol and an address. Never rejects.
   */
  ask(proto: Proto, address: string): Promise<ProbeResult>;
  /** All that waits for an answer has had its time. */
  giveUp(): void;
  /** Closes what is kept open for the next questions. */
  release(): void;
}

export interface ProberOptions {
  readonly dnsPort: number;
  /** Only its answers count; undefined for any server of ours. */
  readonly instance: string | undefined;
  readonly clock: Clock;
  /** The first of `PROBE_PORTS`. */
  readonly firstPort?: number;
}

const keyOf = (proto: Proto, address: string): string => `${proto} ${address}`;

const LINES = { udp: UdpLine, tcp: TcpLine } as const;

export class SocketProber implements Prober {
  private readonly options: ProberOptions;
  private readonly lines = new Map<string, ProbeLine>();
  /** Lines that have found our ports taken. */
  private readonly crowded = new Set<string>();
  private nextPort = 0;

  constructor(options: ProberOptions) {
    this.options = options;
  }

  async ask(proto: Proto, address: string): Promise<ProbeResult> {
    const askedMs = this.options.clock.nowMs();
    const key = keyOf(proto, address);
    const line = this.line(proto, address);
    for (let tries = 1; ; tries++) {
      const verdict = await line.ask();
      if (verdict.why === 'EADDRINUSE' && tries <= MOST_PORTS_TRIED) {
        if (tries === MOST_PORTS_TRIED) this.crowded.add(key);
        continue;
      }
      this.crowded.delete(key);
      return { proto, askedMs, ...verdict };
    }
  }

  giveUp(): void {
    for (const line of this.lines.values()) line.giveUp();
  }

  release(): void {
    for (const line of this.lines.values()) line.close();
  }

  private line(proto: Proto, address: string): ProbeLine {
    const key = keyOf(proto, address);
    const known = this.lines.get(key);
    if (known !== undefined) return known;
    const { dnsPort, instance } = this.options;
    const takePort = (): number => (this.crowded.has(key) ? ANY_PORT : this.takePort());
    const made = new LINES[proto]({ address, dnsPort, instance, takePort });
    this.lines.set(key, made);
    return made;
  }

  private takePort(): number {
    const port = (this.options.firstPort ?? FIRST_PROBE_PORT) + this.nextPort;
    this.nextPort = (this.nextPort + 1) % PROBE_PORTS;
    return port;
  }
}
