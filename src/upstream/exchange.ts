/**
 * One question to one upstream, with the second tries that the protocol itself asks for and no others:
 *
 *     UDP ──reply with TC──────────────────► the same over TCP; if that fails, the truncated reply
 *      └───three replies that do not match─► the same over TCP
 *     FORMERR or NOTIMP without OPT ───────► the same without EDNS
 *
 * It is told of replies and tells whoever asked, by plain calls: a promise for each step would cost as much as reading the reply.
 */
import type { Deadlines } from '../base/deadlines.ts';
import { HEADER_OCTETS, SECTION_ADDITIONAL, writeCount } from '../wire/header.ts';
import { askMessage } from '../wire/ask-message.ts';
import type { AskOptions, Question } from '../wire/ask-message.ts';
import { FORMERR, NOTIMP } from '../wire/registry.ts';
import type { ExchangeError } from './exchange-error.ts';
import { MAX_SENDS, PendingQuery } from './pending-query.ts';
import type { Asker } from './pending-query.ts';
import { isTruncated, replyStatus } from './reply-check.ts';
import type { ReplyStatus } from './reply-check.ts';
import type { TcpPool } from './tcp-pool.ts';
import type { UdpPool } from './udp-pool.ts';

/** What to ask, laid out once for all who are asked. */
export interface Ask {
  /** The query, with its OPT if it has one; an exchange writes ids into it. */
  readonly message: Uint8Array;
  /** Octets of the question's name. */
  readonly nameLength: number;
  readonly edns: boolean;
  /** How often it was sent in exchanges that have failed. */
  sends: number;
}

/** @param question whose octets are copied */
export const makeAsk = (question: Question, options: AskOptions): Ask => ({
  message: askMessage(question, options),
  nameLength: question.name.length,
  edns: options.edns,
  sends: 0,
});

/** The upstream, as its exchanges see it. */
export interface ExchangeOwner {
  /** Undefined where only streams are spoken. */
  readonly udp: UdpPool | undefined;
  readonly stream: TcpPool;
  readonly deadlines: Deadlines;
  readonly isClosed: boolean;
  /**
   * Takes note of a reply, and of the rcode that it carries.
   * @param startMs when the exchange began
   * @param askedMs when the question left that the reply answers: later, where the first ones found nobody
   */
  replied(startMs: number, askedMs: number, rcode: number): void;
  /** Takes note that an exchange has failed. */
  failed(error: ExchangeError): void;
  /** Takes note that an exchange sends its question once more. */
  asksAgain(): void;
  /** The upstream answers without EDNS what it refused with it. */
  knowsNoEdns(): void;
}

export class Exchange implements Asker {
  private readonly owner: ExchangeOwner;
  private readonly ask: Ask;
  private readonly startMs: number;
  private readonly deadlineMs: number;
  private readonly asker: Asker;
  /** What is on its way, or was last. */
  private query: PendingQuery | undefined;
  /** What is asked now. */
  private message: Uint8Array;
  private transport: 'udp' | 'tcp';
  private hasOpt: boolean;
  /** The upstream did not take the OPT. */
  private isRefused = false;
  /** A truncated reply, while the whole one is asked for. */
  private truncated: Uint8Array | undefined;

  /** @param edns whether the OPT of the question is sent */
  constructor(
    owner: ExchangeOwner,
    ask: Ask,
    transport: 'udp' | 'tcp',
    edns: boolean,
    times: { readonly startMs: number; readonly deadlineMs: number },
    asker: Asker,
  ) {
    this.owner = owner;
    this.ask = ask;
    this.transport = transport;
    this.hasOpt = edns;
    this.message = ask.edns && !edns ? withoutOpt(ask) : ask.message;
    this.startMs = times.startMs;
    this.deadlineMs = times.deadlineMs;
    this.asker = asker;
  }

  /** To be called once. */
  begin(): void {
    const { owner, ask } = this;
    const query = new PendingQuery(
      this.message,
      ask.nameLength,
      this.deadlineMs,
      owner.deadlines,
      false,
      this,
    );
    query.mostSends = Math.max(1, MAX_SENDS - ask.sends);
    this.query = query;
    if (this.transport === 'udp' && owner.udp !== undefined) owner.udp.ask(query);
    else owner.stream.ask(query);
  }

  replied(reply: Uint8Array): void {
    if (this.leaveUdp() && isTruncated(reply)) return this.byStream(reply);
    this.take(reply);
  }

  failed(error: ExchangeError): void {
    const { truncated } = this;
    if (this.leaveUdp()) {
      if (error.code === 'invalid') return this.byStream(undefined);
    } else if (truncated !== undefined && !this.owner.isClosed) {
      this.truncated = undefined;
      return this.take(truncated);
    }
    if (this.query !== undefined) this.ask.sends += this.query.sends;
    this.owner.failed(error);
    this.asker.failed(error);
  }

  /** @returns whether what has ended was asked over UDP. */
  private leaveUdp(): boolean {
    const { udp } = this.owner;
    if (this.transport === 'tcp' || udp === undefined) return false;
    udp.done();
    return true;
  }

  /** The same over TCP. @param truncated what there is without it */
  private byStream(truncated: Uint8Array | undefined): void {
    this.truncated = truncated;
    this.again('tcp');
  }

  private again(transport: 'udp' | 'tcp'): void {
    this.transport = transport;
    this.owner.asksAgain();
    this.begin();
  }

  private take(reply: Uint8Array): void {
    const status = replyStatus(reply);
    const refuses = refusesEdns(status);
    if (this.hasOpt && refuses) {
      this.isRefused = true;
      this.hasOpt = false;
      this.truncated = undefined;
      this.message = withoutOpt(this.ask);
      return this.again(this.transport);
    }
    // An upstream that dislikes the question either way has said nothing about EDNS.
    if (this.isRefused && !refuses) this.owner.knowsNoEdns();
    const { startMs } = this;
    this.owner.replied(startMs, this.query?.askedMs(startMs) ?? startMs, status.rcode);
    this.asker.replied(reply);
  }
}

/** FORMERR or NOTIMP by somebody who did not read the OPT, or else one would have come back (RFC 6891 section 7). */
const refusesEdns = (status: ReplyStatus): boolean =>
  !status.hasOpt && (status.rcode === FORMERR || status.rcode === NOTIMP);

/** The OPT is the last record. */
function withoutOpt({ message, nameLength }: Ask): Uint8Array {
  const bare = message.slice(0, HEADER_OCTETS + nameLength + 4);
  writeCount(bare, SECTION_ADDITIONAL, 0);
  return bare;
}
