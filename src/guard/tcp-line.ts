/** Probes over TCP to one address: a connection for each, since it is to be proved that clients can make one. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { randomInt } from 'node:crypto';
import { FrameReader, frame } from '../wire/frames.ts';
import { probeQuestion } from '../wire/probe.ts';
import { NO_ANSWER, failure, judge } from './probe-line.ts';
import type { LineOptions, ProbeLine, Verdict } from './probe-line.ts';

const CLOSED: Verdict = { outcome: 'failed', why: 'connection closed' };
const NO_SUCH_ANSWER: Verdict = { outcome: 'failed', why: 'no such answer' };
/** An answer takes a quarter of this. */
const READ_OCTETS = 512;

export class TcpLine implements ProbeLine {
  private readonly options: LineOptions;
  private readonly octets = new Uint8Array(READ_OCTETS);
  private socket: Socket | undefined;
  private finish: ((verdict: Verdict) => void) | undefined;

  constructor(options: LineOptions) {
    this.options = options;
  }

  ask(): Promise<Verdict> {
    return new Promise((resolve) => {
      this.finish = resolve;
      this.open(randomInt(0x1_0000));
    });
  }

  giveUp(): void {
    this.end(NO_ANSWER);
  }

  close(): void {
    const { socket } = this;
    this.socket = undefined;
    // No TIME_WAIT, which would hold the port of the next probe from it; what is not connected has none, and would be waited for.
    if (socket?.connecting) socket.destroy();
    else socket?.resetAndDestroy();
  }

  private open(id: number): void {
    const { address, dnsPort, takePort, instance } = this.options;
    const frames = new FrameReader();
    // Read without a stream of buffers in between, for one answer of some hundred octets.
    const callback = (count: number): boolean => {
      if (this.socket !== socket) return false;
      frames.push(this.octets.slice(0, count));
      const message = frames.next();
      if (message !== undefined) this.end(judge(message, id, instance) ?? NO_SUCH_ANSWER);
      return true;
    };
    const socket = connect({
      host: address,
      port: dnsPort,
      localPort: takePort(),
      onread: { buffer: this.octets, callback },
    });
    this.socket = socket;
    socket.on('error', (error) => this.socket === socket && this.end(failure(error)));
    socket.on('end', () => this.socket === socket && this.end(CLOSED));
    socket.write(frame(probeQuestion(id)));
  }

  private end(verdict: Verdict): void {
    const { finish } = this;
    this.finish = undefined;
    this.close();
    finish?.(verdict);
  }
}
