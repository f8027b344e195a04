/**
 * Probes over UDP to one address. A socket is kept for some questions, since a new one each time costs twice as much; one that got no good answer
 * is not, so that the next question leaves from another port, and of several processes behind one port not the same one is asked. Connected, so
 * that it is told when nobody listens.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { probeQuestion } from '../wire/probe.ts';
import { NO_ANSWER, failure, judge } from './probe-line.ts';
import type { LineOptions, ProbeLine, Verdict } from './probe-line.ts';

/** Questions from one port: 2 s by default. */
const MOST_PER_SOCKET = 8;

export class UdpLine implements ProbeLine {
  private readonly options: LineOptions;
  private socket: Socket | undefined;
  /** Questions that the socket may still send. */
  private left = 0;
  private id = 0;
  private finish: ((verdict: Verdict) => void) | undefined;

  constructor(options: LineOptions) {
    this.options = options;
  }

  ask(): Promise<Verdict> {
    return new Promise((resolve) => {
      this.id = randomInt(0x1_0000);
      this.finish = resolve;
      if (this.socket === undefined) this.open();
      else this.send();
    });
  }

  giveUp(): void {
    this.end(NO_ANSWER);
  }

  close(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  /** Opens a socket; the question follows when it is connected. */
  private open(): void {
    const { address, dnsPort, takePort } = this.options;
    const isIpv6 = address.includes(':');
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
    this.socket = socket;
    this.left = MOST_PER_SOCKET;
    const isCurrent = (): boolean => this.socket === socket;
    socket.on('error', (error) => {
      if (isCurrent()) this.fail(error);
    });
    socket.on('message', (message) => {
      if (isCurrent()) this.hear(message);
    });
    // Errors of binding and connecting are events; those of sending come to the callback alone.
    socket.on('listening', () => isCurrent() && socket.connect(dnsPort, address));
    socket.on('connect', () => isCurrent() && this.send());
    socket.bind({ port: takePort(), address: isIpv6 ? '::' : '0.0.0.0', exclusive: true });
    socket.unref();
  }

  private send(): void {
    const { socket } = this;
    this.left--;
    socket?.send(probeQuestion(this.id), (error) => {
      if (error !== null && this.socket === socket) this.fail(error);
    });
  }

  /** What is no answer to this question leaves it open. */
  private hear(message: Uint8Array): void {
    const verdict = judge(message, this.id, this.options.instance);
    if (verdict !== undefined) this.end(verdict);
  }

  /** Also of a socket that has its answer, and hears of an error later. */
  private fail(error: Error): void {
    this.end(failure(error));
    this.close();
  }

  private end(verdict: Verdict): void {
    const { finish } = this;
    if (finish === undefined) return;
    this.finish = undefined;
    if (verdict.outcome !== 'good' || this.left === 0) this.close();
    finish(verdict);
  }
}
