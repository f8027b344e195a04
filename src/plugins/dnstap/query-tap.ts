/**
 * What the taps of a server block say of a query: that it came, what was answered, and what was asked of others on its behalf. Each `dnstap`
 * line has its own way of saying it (identity, `full`, `extra`) and its own output. Loaded when a block with such a line starts.
 */
import type { ExchangeSight, ExchangeWatch } from '../../chain/exchange-observer.ts';
import { DROP, SILENCE } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import { compileFormat, formatLine } from '../../chain/query-format.ts';
import type { Format } from '../../chain/query-format.ts';
import type { Query } from '../../chain/query.ts';
import { render, renderedOctets } from '../../chain/render.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';
import { AddressOctets } from './address-octets.ts';
import {
  CLIENT_QUERY,
  CLIENT_RESPONSE,
  DnstapEncoder,
  FORWARDER_QUERY,
  FORWARDER_RESPONSE,
  PROTOCOL_DOT,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from './dnstap-encoder.ts';
import type { TapAddress, TapMessage } from './dnstap-encoder.ts';
import type { TapOptions } from './options.ts';
import type { TapOutput } from './tap-output.ts';
import type { WallClock } from './wall-clock.ts';

const IPV6_OCTETS = 16;
const NOT_KNOWN = new Uint8Array(0);

/** Where the messages of one line go, as far as it concerns who makes them. */
export type TapTarget = Pick<TapOutput, 'takes' | 'put' | 'drop'>;

/** One `dnstap` line. */
export class Tap {
  readonly full: boolean;
  private readonly encoder: DnstapEncoder;
  private readonly extra: Format | undefined;
  private readonly output: TapTarget;

  /** @param options with identity and version filled in */
  constructor(
    options: Pick<TapOptions, 'full' | 'extra'> & { readonly identity: string; readonly version: string },
    output: TapTarget,
  ) {
    this.full = options.full;
    this.encoder = new DnstapEncoder(options.identity, options.version);
    this.extra = options.extra === '' ? undefined : compileFormat(options.extra);
    this.output = output;
  }

  get takes(): boolean {
    return this.output.takes;
  }

  extraFor(query: Query, outcome: Outcome, nowMs: number): string {
    return this.extra === undefined ? '' : formatLine(this.extra, query, outcome, nowMs);
  }

  /** @param message with the DNS messages, which are left out unless the line has them */
  send(message: TapMessage, extra: string): void {
    const { output, full } = this;
    if (!output.takes) return output.drop(1);
    const sent = full ? message : { ...message, query: undefined, response: undefined };
    output.put(this.encoder.encode(sent, extra));
  }
}

export class QueryTap {
  private readonly taps: readonly Tap[];
  private readonly clock: WallClock;
  private readonly nowMs: () => number;
  private readonly isFull: boolean;
  private readonly addresses = new AddressOctets();
  private rendered = Buffer.alloc(0);

  /** @param nowMs the monotonic clock that `clock` stands on */
  constructor(taps: readonly Tap[], clock: WallClock, nowMs: () => number) {
    this.taps = taps;
    this.clock = clock;
    this.nowMs = nowMs;
    this.isFull = taps.some(({ full }) => full);
  }

  /** A query has come. */
  asked(query: Query): void {
    const message: TapMessage = {
      ...this.ofClient(query, CLIENT_QUERY),
      responseMs: undefined,
      query: query.message.subarray(0, query.length),
      response: undefined,
    };
    this.sendAll(message, query, SILENCE);
  }

  /** Its answer goes out; where there is none there is nothing to say. */
  answered(query: Query, outcome: Outcome): void {
    if (outcome.kind === DROP) return;
    const message: TapMessage = {
      ...this.ofClient(query, CLIENT_RESPONSE),
      responseMs: this.clock.at(this.nowMs()),
      query: undefined,
      response: this.isFull ? this.render(query, outcome) : undefined,
    };
    this.sendAll(message, query, outcome);
  }

  /** A question is sent to another server. As in CoreDNS it is told of when the exchange is over, with the time at which it began. */
  begin(query: Query, { upstream, transport }: ExchangeSight): ExchangeWatch {
    const startMs = this.nowMs();
    const { host, port } = parseHttpAddress(upstream);
    const to = { octets: this.addresses.of(host), port };
    const common = {
      isIpv6: to.octets.length === IPV6_OCTETS,
      protocol: transport === 'tls' ? PROTOCOL_DOT : protocolOf(transport),
      from: { octets: this.addresses.of(query.clientAddress), port: query.clientPort },
      to,
      queryMs: this.clock.at(startMs),
    };
    const extras = this.taps.map((tap) => tap.extraFor(query, SILENCE, startMs));
    return {
      ended: (message, reply) => {
        const asked = { ...common, type: FORWARDER_QUERY, responseMs: undefined, response: undefined };
        const sent = reply === undefined ? message : withIdOf(reply, message);
        this.taps.forEach((tap, index) => tap.send({ ...asked, query: sent }, extras[index]));
        if (reply === undefined) return;
        const responseMs = this.clock.at(this.nowMs());
        const got = { ...common, type: FORWARDER_RESPONSE, responseMs, query: undefined, response: reply };
        this.taps.forEach((tap, index) => tap.send(got, extras[index]));
      },
    };
  }

  private sendAll(message: TapMessage, query: Query, outcome: Outcome): void {
    for (const tap of this.taps) {
      tap.send(message, tap.takes ? tap.extraFor(query, outcome, this.nowMs()) : '');
    }
  }

  private ofClient(
    query: Query,
    type: number,
  ): Pick<TapMessage, 'type' | 'isIpv6' | 'protocol' | 'from' | 'to' | 'queryMs'> {
    const octets = this.addresses.of(query.clientAddress);
    return {
      type,
      isIpv6: octets.length === IPV6_OCTETS,
      protocol: protocolOf(query.transport),
      from: { octets, port: query.clientPort },
      to: this.localAddressOf(query),
      queryMs: this.clock.at(query.receivedMs),
    };
  }

  /** Of a socket for all addresses only the port is known. */
  private localAddressOf({ localAddress, localPort: port }: Query): TapAddress {
    const isWildcard = localAddress === '0.0.0.0' || localAddress === '::';
    return { octets: isWildcard ? NOT_KNOWN : this.addresses.of(localAddress), port };
  }

  /** The octets that go out, in memory that is used again. */
  private render(query: Query, outcome: Exclude<Outcome, typeof SILENCE>): Uint8Array {
    const room = renderedOctets(query, outcome);
    if (this.rendered.length < room) this.rendered = Buffer.alloc(room);
    return this.rendered.subarray(0, render(query, outcome, this.rendered));
  }
}

const protocolOf = (transport: Query['transport']): number =>
  transport === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP;

/** The id is chosen when a question is sent. */
function withIdOf(reply: Uint8Array, message: Uint8Array): Uint8Array {
  const sent = new Uint8Array(message);
  sent.set(reply.subarray(0, 2));
  return sent;
}
