/**
 * A query on its way through the handlers: the message as received, who asked, and where.
 *
 * The octets of `message` belong to the listener and are valid during the synchronous part of `ask` only. When `ask` gives back a promise,
 * the listener calls `detach` before it touches its buffer again, and hands this object over to whoever waits; so a handler reads the
 * query through its fields and keeps no view of the octets across a wait. Once the outcome is there nobody keeps the query either: it will
 * be another one.
 */
import { HEADER_OCTETS } from '../wire/header.ts';
import { MAX_NAME_OCTETS, foldInto, nameToText } from '../wire/name.ts';
import { QueryMessage } from '../wire/query.ts';
import { clientIdFromText } from './client-id.ts';
import type { ClientId } from './client-id.ts';
import type { ServerIdentity, Zone } from './identity.ts';
import type { Outcome, Pending } from './outcome.ts';

const NO_SERVER: ServerIdentity = { index: 0, label: '' };
const NO_OCTETS = new Uint8Array(0);
const NO_ZONE: Zone = { text: '', name: new Uint8Array(0), index: 0 };

export type Transport = 'udp' | 'tcp';

/** What a handler does with the outcome of a query on its way out; `self` is the handler. */
export type Finish<Self> = (self: Self, query: Query, outcome: Outcome) => Pending;
/** What a handler does when there is none, because of a bug: gives one all the same, or lets the error go on. Must not throw. */
export type Rescue<Self> = (self: Self, query: Query, error: unknown) => Outcome | undefined;

/** What a query waits for (see `later.ts`). */
export interface Waiting {
  readonly promise: Promise<Outcome>;
  /** One more step before the promise settles. */
  add<Self>(finish: Finish<Self>, self: Self, rescue: Rescue<Self> | undefined): void;
}

/** Folded name, type, class, and one octet of DO and CD. */
const KEY_END_OCTETS = 5;
const MAX_KEY_OCTETS = MAX_NAME_OCTETS + KEY_END_OCTETS;

/** Longer than all but a few queries, which carry options without end. */
const OWN_OCTETS = 512;

export class Query extends QueryMessage {
  transport: Transport = 'udp';
  /** Whether the client came over IPv6. */
  clientIsIpv6 = false;
  clientPort = 0;
  /** The address of ours that was asked, as the socket is bound. */
  localAddress = '';
  localPort = 0;
  /** Monotonic milliseconds at which the query was read. */
  receivedMs = 0;
  /** The most octets that a reply over UDP may have here: the client's size, capped by ours (see `bufsize`). */
  replyLimit = 0;
  /** The server that was asked. */
  server: ServerIdentity = NO_SERVER;
  /** The zone of the server block that answers. */
  zone: Zone = NO_ZONE;
  /** The rcode with which the message was refused before any handler saw it. */
  refusal = 0;
  /** Whose outcome this query waits for at the moment; undefined also while it waits for a promise of another kind. */
  waiting: Waiting | undefined;
  /**
   * EDNS options that go upstream with the question, as they stand in an OPT: the operator's (see `rewrite`), never the client's. They are no
   * part of the key.
   */
  upstreamOptions: Uint8Array = NO_OCTETS;
  /** How many internal lookups lie between this query and a client's; 0 for a client's own. */
  depth = 0;

  /**
   * What makes two queries the same question, as octets: name (folded), type and class as they stand in the question, then one of DO and CD.
   * Nothing else that a client can choose gets in (RFC 5452 section 5, RFC 4035 section 3.2.2).
   */
  readonly keyOctets = new Uint8Array(MAX_KEY_OCTETS);
  /** The same, 16 bits at a time, with a zero behind an odd number of octets; the first `keyHalfCount` count. */
  readonly keyHalves = new Uint16Array(this.keyOctets.buffer);
  keyHalfCount = 0;
  private readonly keyBuffer = Buffer.from(this.keyOctets.buffer);
  private keyText: string | undefined;
  /** Where `detach` takes the message to, as long as it fits; made when it is needed. */
  private own: Uint8Array | undefined;
  private clientAddressText = '';

  /** @see QueryMessage.read */
  override read(message: Uint8Array, length: number): boolean {
    this.keyText = undefined;
    this.zone = NO_ZONE;
    this.upstreamOptions = NO_OCTETS;
    const readable = super.read(message, length);
    foldInto(message, HEADER_OCTETS, this.nameLength, this.keyOctets, 0);
    this.endKey();
    return readable;
  }

  /** Address of the client as text. Not for the hot path: listeners may make it only when it is asked for. */
  get clientAddress(): string {
    return this.clientAddressText;
  }

  set clientAddress(text: string) {
    this.clientAddressText = text;
    this.clientIsIpv6 = text.includes(':');
  }

  /** Who asks, where clients are kept apart. Not for the hot path either. */
  get clientId(): ClientId {
    return clientIdFromText(this.clientAddress);
  }

  /** The name in wire form with ASCII capitals folded; `nameLength` octets of it count. */
  get foldedName(): Uint8Array {
    return this.keyOctets;
  }

  /** The name in wire form as the client wrote it: a view, valid as long as `message` is. */
  get nameAsAsked(): Uint8Array {
    return this.message.subarray(HEADER_OCTETS, HEADER_OCTETS + this.nameLength);
  }

  /** `keyOctets` as a latin1 string, made once a query; a cached answer does without. */
  get key(): string {
    this.keyText ??= this.keyBuffer.toString('latin1', 0, this.nameLength + KEY_END_OCTETS);
    return this.keyText;
  }

  /** The folded name in presentation form with its final dot. Not for the hot path. */
  get nameText(): string {
    return nameToText(this.keyOctets, 0, this.nameLength);
  }

  private endKey(): void {
    const { keyOctets, nameLength: at } = this;
    keyOctets[at] = this.type >>> 8;
    keyOctets[at + 1] = this.type;
    keyOctets[at + 2] = this.class >>> 8;
    keyOctets[at + 3] = this.class;
    keyOctets[at + 4] = (this.dnssecOk ? 1 : 0) | (this.checkingDisabled ? 2 : 0);
    keyOctets[at + KEY_END_OCTETS] = 0;
    this.keyHalfCount = (at + KEY_END_OCTETS + 1) >> 1;
  }

  /** Takes the octets into memory of its own, so that the listener may reuse its buffer. */
  detach(): void {
    const { message, length } = this;
    this.own ??= new Uint8Array(OWN_OCTETS);
    this.message = length > OWN_OCTETS ? new Uint8Array(length) : this.own;
    for (let i = 0; i < length; i++) this.message[i] = message[i];
  }
}
