/**
 * Asks the server its own question (`wire/probe.ts`) over UDP and TCP, from the ports that are never tracked nor intercepted
 * (`host/rules.ts`), one after the other, so that of several processes behind one port each is asked. What an answer means for the
 * address is the lease's business.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { randomInt } from 'node:crypto';
import { codeOf } from '../base/error-message.ts';
import type { Clock } from '../base/clock.ts';
import { FIRST_PROBE_PORT, PROBE_PORTS } from '../host/rules.ts';
import { FrameReader, frame } from '../wire/frames.ts';
import { probeQuestion, readProbeAnswer } from '../wire/probe.ts';
import type { Probed, Proto } from './lease.ts';

/** Ports that somebody else holds are passed over, this many at most for one probe. */
const MOST_PORTS_TRIED = 4;

export interface ProbeResult extends Probed {
  /** Of a probe that failed: `no answer`, `connection refused`, an error's code, … */
  readonly why?: string;
}

export interface Prober {
  /** Never rejects. Ends within the timeout. */
  ask(proto: Proto, address: string): Promise<ProbeResult>;
}

export interface ProberOptions {
  readonly dnsPort: number;
  /** Only its answers count; undefined for any server of ours. */
  readonly instance: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** The first of `PROBE_PORTS`. */
  readonly firstPort?: number;
}

type Verdict = Omit<ProbeResult, 'proto' | 'askedMs'>;
type Finish = (verdict: Verdict) => void;

const NO_ANSWER: Verdict = { outcome: 'failed', why: 'no answer' };
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
]);

export class SocketProber implements Prober {
  private readonly options: ProberOptions;
  private nextPort = 0;

  constructor(options: ProberOptions) {
    this.options = options;
  }

  async ask(proto: Proto, address: string): Promise<ProbeResult> {
    const askedMs = this.options.clock.nowMs();
    for (let tries = 1; ; tries++) {
      const verdict = await (proto === 'udp' ? this.askUdp(address) : this.askTcp(address));
      if (verdict.why === 'EADDRINUSE' && tries < MOST_PORTS_TRIED) continue;
      return { proto, askedMs, ...verdict };
    }
  }

  private askUdp(address: string): Promise<Verdict> {
    const id = randomInt(0x1_0000);
    return this.bounded((finish) => {
      const isIpv6 = address.includes(':');
      const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
      socket.on('error', (error) => finish(failure(error)));
      // What is not an answer to this probe leaves it open.
      socket.on('message', (message) => {
        const verdict = this.judge(message, id);
        if (verdict !== undefined) finish(verdict);
      });
      // Errors of binding and connecting are events; those of sending come to the callback alone.
      socket.on('listening', () => socket.connect(this.options.dnsPort, address));
      socket.on('connect', () => socket.send(probeQuestion(id), (error) => error && finish(failure(error))));
      socket.bind({ port: this.port(), address: isIpv6 ? '::' : '0.0.0.0', exclusive: true });
      return () => socket.close();
    });
  }

  private askTcp(address: string): Promise<Verdict> {
    const id = randomInt(0x1_0000);
    return this.bounded((finish) => {
      const socket = connect({ host: address, port: this.options.dnsPort, localPort: this.port() });
      const frames = new FrameReader();
      socket.setNoDelay(true);
      socket.on('error', (error) => finish(failure(error)));
      socket.on('end', () => finish({ outcome: 'failed', why: 'connection closed' }));
      socket.on('data', (chunk) => {
        frames.push(chunk);
        const message = frames.next();
        if (message !== undefined)
          finish(this.judge(message, id) ?? { outcome: 'failed', why: 'no such answer' });
      });
      socket.write(frame(probeQuestion(id)));
      // No TIME_WAIT, which would hold the port of the next probe from it.
      return () => socket.resetAndDestroy();
    });
  }

  /** Undefined for octets that answer nothing. */
  private judge(message: Uint8Array, id: number): Verdict | undefined {
    const answer = readProbeAnswer(message, message.length, id);
    if (answer === undefined) return undefined;
    const { instance } = this.options;
    if (instance !== undefined && answer.instance !== instance) {
      return { outcome: 'failed', why: `another server answers: ${answer.instance}` };
    }
    if (answer.state === 'other') return { outcome: 'failed', why: 'the server is in an unknown state' };
    return { outcome: answer.state === 'serving' ? 'good' : 'draining' };
  }

  /** @param begin opens a socket, and gives how to close it */
  private bounded(begin: (finish: Finish) => () => void): Promise<Verdict> {
    return new Promise((resolve) => {
      let close: (() => void) | undefined;
      const finish: Finish = (verdict) => {
        clearTimeout(timer);
        resolve(verdict);
        close?.();
        close = undefined;
      };
      // After what has come meanwhile: a process that did not run for a while sees its timers first.
      const timer = setTimeout(() => setImmediate(() => finish(NO_ANSWER)), this.options.timeoutMs);
      close = begin(finish);
    });
  }

  private port(): number {
    const port = (this.options.firstPort ?? FIRST_PROBE_PORT) + this.nextPort;
    this.nextPort = (this.nextPort + 1) % PROBE_PORTS;
    return port;
  }
}

function failure(error: Error): Verdict {
  const code = codeOf(error) ?? error.message;
  return { outcome: 'failed', why: WORDS.get(code) ?? code };
}
