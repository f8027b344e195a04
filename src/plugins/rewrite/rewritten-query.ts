/**
 * The query that the handlers behind `rewrite` see: another question, everything else the client's. It has a message of its own, so the
 * listener's buffer may go while it waits, and what is keyed by the question (cache, single flight) is keyed by the new one. One object
 * serves one query after the other.
 */
import { Query } from '../../chain/query.ts';
import {
  HEADER_OCTETS,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  writeCount,
  writeUint16,
} from '../../wire/header.ts';
import type { AnswerStep } from './answer-step.ts';
import type { Edns0Options } from './edns0-options.ts';
import { MutableName } from './mutable-name.ts';
import type { Draft } from './rule.ts';

/** Longer than nearly every query. */
const OWN_OCTETS = 512;

export class RewrittenQuery extends Query {
  /** The query as it came. */
  client: Query;
  /** What to do to the answer, the last step first. */
  steps: readonly AnswerStep[] = [];
  /** Whether a rule is about aliases, which have to be looked for then. */
  followsAliases = false;
  /** For a name of the answer while it is looked at. */
  readonly scratch = new MutableName();
  private readonly ownMessage = new Uint8Array(OWN_OCTETS);

  constructor(client: Query) {
    super();
    this.client = client;
  }

  /** Made only when somebody asks for it, as the client's own may be. */
  override get clientAddress(): string {
    return this.client.clientAddress;
  }

  /** Who the client is does not change. */
  override set clientAddress(_text: string) {}

  /** Becomes the client's query with the question of the draft; to be called while the client's message is there. */
  begin(draft: Draft): void {
    const client = draft.query;
    this.client = client;
    this.steps = draft.steps.length === 0 ? [] : draft.steps.toReversed();
    this.followsAliases = this.steps.some((step) => step.followsAliases);
    this.waiting = undefined;
    this.compose(draft, client);
    this.transport = client.transport;
    this.clientIsIpv6 = client.clientIsIpv6;
    this.clientPort = client.clientPort;
    this.localAddress = client.localAddress;
    this.localPort = client.localPort;
    this.receivedMs = client.receivedMs;
    this.replyLimit = client.replyLimit;
    this.server = client.server;
    this.zone = client.zone;
    this.depth = client.depth;
    this.upstreamOptions = draft.changedOptions?.ours() ?? client.upstreamOptions;
  }

  /** Whether the answer has to be told under another question than it was asked. */
  get hasOtherQuestion(): boolean {
    const { client } = this;
    if (this.type !== client.type || this.class !== client.class) return true;
    if (this.nameLength !== client.nameLength) return true;
    for (let i = 0; i < this.nameLength; i++) if (this.foldedName[i] !== client.foldedName[i]) return true;
    return false;
  }

  /** Whatever stands behind the question is taken over as it is, unless a rule is about the options. */
  private compose(draft: Draft, client: Query): void {
    const { name, changedOptions } = draft;
    const restAt = HEADER_OCTETS + client.questionLength;
    const restOctets = changedOptions?.optOctets ?? client.length - restAt;
    const questionEnd = HEADER_OCTETS + name.length + 4;
    const length = questionEnd + restOctets;
    const message = length > OWN_OCTETS ? new Uint8Array(length) : this.ownMessage;
    for (let i = 0; i < HEADER_OCTETS; i++) message[i] = client.message[i];
    for (let i = 0; i < name.length; i++) message[HEADER_OCTETS + i] = name.octets[i];
    writeUint16(message, questionEnd - 4, draft.type);
    writeUint16(message, questionEnd - 2, draft.class);
    if (changedOptions === undefined) copy(client.message, restAt, message, questionEnd, restOctets);
    else writeOnlyOpt(message, questionEnd, client, changedOptions);
    this.read(message, length);
  }
}

function copy(from: Uint8Array, at: number, to: Uint8Array, toAt: number, octets: number): void {
  for (let i = 0; i < octets; i++) to[toAt + i] = from[at + i];
}

function writeOnlyOpt(message: Uint8Array, offset: number, client: Query, options: Edns0Options): void {
  writeCount(message, SECTION_ANSWER, 0);
  writeCount(message, SECTION_AUTHORITY, 0);
  writeCount(message, SECTION_ADDITIONAL, 1);
  options.writeOptRecord(message, offset, client);
}
