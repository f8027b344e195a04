/**
 * The pods: each looks a name up, waits for the answers as a resolver does, pauses, and goes on. Every answer is judged as it comes and
 * written into the ledger.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../fuzz/random.ts';
import { makeQuery } from './ask.ts';
import { zoneOf } from './corefile.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import type { Ledger } from './ledger.ts';
import { drawLookup } from './lookups.ts';
import type { Lookup } from './lookups.ts';
import { TcpStub, UdpStub } from './stubs.ts';
import type { Stub } from './stubs.ts';
import { truthOf } from './zone.ts';

export interface LoadOptions {
  readonly port: number;
  readonly seed: number;
  readonly ledger: Ledger;
}

const UDP_PODS = 16;
const TCP_PODS = 6;
const PAUSE_MS = { least: 20, most: 180 };
/** A resolver's socket, and a client's connection, live for so many lookups. */
const LOOKUPS_OF_A_SOCKET = 50;
/** Lookups that a TCP client has on its way at once, at most. */
const MOST_PIPELINED = 6;

export class Load {
  private readonly options: LoadOptions;
  private stopping = false;
  private pods: readonly Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.options = options;
  }

  start(): void {
    const { seed } = this.options;
    this.pods = [
      ...Array.from({ length: UDP_PODS }, (_, index) => this.live(new Asker(this.options, index))),
      ...Array.from({ length: TCP_PODS }, (_, index) =>
        this.liveOverTcp(new Asker(this.options, UDP_PODS + index), new Random(seed, 77, index)),
      ),
    ];
  }

  /** Resolves when every question is settled. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.pods);
  }

  private async live(asker: Asker): Promise<void> {
    while (!this.stopping) {
      const stub = await UdpStub.open(this.options.port, asker.strange);
      for (let left = LOOKUPS_OF_A_SOCKET; left > 0 && !this.stopping; left--) {
        await asker.lookUp(stub, 'udp');
        await asker.pause();
      }
      stub.close();
    }
  }

  private async liveOverTcp(asker: Asker, random: Random): Promise<void> {
    while (!this.stopping) {
      const stub = await TcpStub.open(this.options.port, asker.strange);
      if (stub === undefined) {
        this.options.ledger.addWrong('a connection that did not open');
        continue;
      }
      for (let left = LOOKUPS_OF_A_SOCKET; left > 0 && stub.usable && !this.stopping; left--) {
        const together = 1 + random.below(MOST_PIPELINED);
        await Promise.all(Array.from({ length: together }, () => asker.lookUp(stub, 'tcp')));
        await asker.pause();
      }
      stub.close();
    }
  }
}

/** One that asks: its chance, its ids, and what it writes into the ledger. */
export class Asker {
  private readonly options: LoadOptions;
  private readonly random: Random;
  private id = 0;

  constructor(options: LoadOptions, index: number) {
    this.options = options;
    this.random = new Random(options.seed, 1_000 + index);
  }

  /** Answers to questions that nobody asked, or a second time. */
  readonly strange = (answer: Uint8Array): void =>
    this.options.ledger.addWrong(`an answer that was not due: ${Buffer.from(answer).toString('hex')}`);

  pause(): Promise<void> {
    return delay(PAUSE_MS.least + this.random.below(PAUSE_MS.most - PAUSE_MS.least));
  }

  async lookUp(stub: Stub, transport: 'udp' | 'tcp'): Promise<void> {
    const lookup: Lookup = drawLookup(this.random);
    for (const name of lookup.names) {
      // Who has lost its connection opens another, and begins again there.
      if (!stub.usable) return;
      await Promise.all(lookup.types.map((type) => this.ask(stub, transport, name, type)));
      // The next name of the list where this one is not there, as its truth says: the load stays the same whatever is answered.
      if (truthOf(name, lookup.types[0] ?? 1).rcode === 0) return;
    }
  }

  /** Asks again over TCP what was truncated. */
  async ask(
    stub: Stub,
    transport: 'udp' | 'tcp',
    name: string,
    type: number,
  ): Promise<Verdict['kind'] | 'lost'> {
    this.id = (this.id + 1) & 0xffff;
    const asked = makeQuery({ name, type, transport, id: this.id }, this.random);
    const askedMs = performance.now();
    const answer = await stub.ask(asked.packet);
    const endMs = performance.now();
    const verdict =
      typeof answer === 'string'
        ? ({ kind: 'lost', why: `${answer} over ${transport}` } as const)
        : judge(asked, answer, Date.now());
    this.options.ledger.add({ zone: zoneOf(name), transport, askedMs, endMs, verdict }, () =>
      [
        `${name} type ${type} over ${transport}`,
        `asked ${Buffer.from(asked.packet).toString('hex')}`,
        `got ${typeof answer === 'string' ? answer : Buffer.from(answer).toString('hex')}`,
      ].join(', '),
    );
    if (verdict.kind !== 'truncated') return verdict.kind;
    const connection = await TcpStub.open(this.options.port, this.strange);
    if (connection === undefined) return 'lost';
    const again = this.ask(connection, 'tcp', name, type);
    // Some clients say at once that there will be no other question.
    if (this.random.once(3)) connection.closeOurSide();
    const kind = await again;
    connection.close();
    return kind;
  }
}
