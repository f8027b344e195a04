/** The ways to ask: sockets that are kept, a socket for each query, two questions from one socket, a TCP connection for each query. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { PATIENCE_MS } from './options.ts';
import type { LoadOptions, LoadTarget } from './options.ts';
import { questionFor, whoAnswered } from './messages.ts';
import type { Ledger } from './ledger.ts';

const DNS_PORT = 53;
const KEPT_SOCKETS = 64;
/** More than a second of answers: what waits here while this process does not run is not lost. */
const RECEIVE_OCTETS = 4 * 1024 * 1024;

export interface Sender {
  /** Sends one query, or one pair. */
  send(target: number, round: number, dueUs: number): void;
  readonly ready: Promise<unknown>;
}

export function senderFor(options: LoadOptions, ledger: Ledger): Sender {
  const { targets, pattern } = options;
  const [a, aaaa] = [questionFor(options.question, 'A'), questionFor(options.question, 'AAAA')];
  const kept = pattern === 'sockets' ? KEPT_SOCKETS : 1;
  const shared = targets.map((target) => Array.from({ length: kept }, () => new KeptSocket(target, ledger)));
  const fromKept = (target: number, round: number, dueUs: number): void =>
    shared[target]?.[round % kept]?.ask(a, target, dueUs);
  const fresh = (messages: readonly Buffer[]) => (target: number, _: number, dueUs: number) => {
    askOnce(
      targets[target],
      messages.map((message) => [ledger.asked(target, dueUs), message]),
      ledger,
    );
  };
  const freshOne = fresh([a]);
  const sends: Record<typeof pattern, Sender['send']> = {
    sockets: fromKept,
    mixed: (target, round, dueUs) => (round % 2 === 0 ? fromKept : freshOne)(target, round, dueUs),
    pairs: fresh([a, aaaa]),
    tcp: (target, _, dueUs) => askOverTcp(targets[target], a, ledger.asked(target, dueUs), ledger),
  };
  return { send: sends[pattern], ready: Promise.all(shared.flat().map(({ bound }) => bound)) };
}

const family = (target: LoadTarget): 'udp4' | 'udp6' => (isIPv6(target.address) ? 'udp6' : 'udp4');

/** One port, as many queries outstanding as there are ids. */
class KeptSocket {
  readonly bound: Promise<void>;
  readonly #socket: Socket;
  readonly #target: LoadTarget;
  readonly #ledger: Ledger;
  /** By id. */
  readonly #indices = new Map<number, number>();
  #nextId = 0;

  constructor(target: LoadTarget, ledger: Ledger) {
    this.#target = target;
    this.#ledger = ledger;
    this.#socket = createSocket({ type: family(target), recvBufferSize: RECEIVE_OCTETS });
    this.#socket.on('error', (error) => ledger.failed(error));
    this.#socket.on('message', (message) => {
      const id = message.readUInt16BE(0);
      const index = this.#indices.get(id);
      if (index === undefined) return;
      this.#indices.delete(id);
      ledger.answered(index, whoAnswered(message));
    });
    this.bound = new Promise((resolve) => this.#socket.bind(0, () => resolve()));
  }

  ask(question: Buffer, target: number, dueUs: number): void {
    const id = this.#nextId;
    this.#nextId = (id + 1) % 0x1_0000;
    const message = Buffer.from(question);
    message.writeUInt16BE(id, 0);
    this.#indices.set(id, this.#ledger.asked(target, dueUs));
    this.#socket.send(message, DNS_PORT, this.#target.address, (error) => {
      if (error !== null) this.#ledger.failed(error);
    });
  }
}

/** From a port of its own; the id is the place in the list. */
function askOnce(
  target: LoadTarget | undefined,
  questions: readonly (readonly [index: number, message: Buffer])[],
  ledger: Ledger,
): void {
  if (target === undefined) return;
  const socket = createSocket(family(target));
  let left = questions.length;
  const close = (): void => {
    clearTimeout(timer);
    socket.close();
  };
  const timer = setTimeout(close, PATIENCE_MS);
  socket.on('error', (error) => ledger.failed(error));
  socket.on('message', (answer) => {
    const index = questions[answer.readUInt16BE(0)]?.[0];
    if (index === undefined) return;
    ledger.answered(index, whoAnswered(answer));
    left -= 1;
    if (left === 0) close();
  });
  questions.forEach(([, question], id) => {
    const message = Buffer.from(question);
    message.writeUInt16BE(id, 0);
    socket.send(message, DNS_PORT, target.address, (error) => {
      if (error !== null) ledger.failed(error);
    });
  });
}

function askOverTcp(target: LoadTarget | undefined, question: Buffer, index: number, ledger: Ledger): void {
  if (target === undefined) return;
  const framed = Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question]);
  const socket = connect({ host: target.address, port: DNS_PORT });
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  const received: Buffer[] = [];
  socket.on('error', (error) => ledger.failed(error));
  socket.on('close', () => clearTimeout(timer));
  socket.on('connect', () => socket.write(framed));
  socket.on('data', (part) => {
    received.push(part);
    const message = Buffer.concat(received);
    if (message.length < 2 || message.length < 2 + message.readUInt16BE(0)) return;
    ledger.answered(index, whoAnswered(message.subarray(2)));
    socket.destroy();
  });
}
