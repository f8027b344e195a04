/**
 * One resolver that questions are forwarded to. An exchange is one question, by UDP or over a stream, with the second tries that the
 * protocol itself asks for and no others:
 *
 *     UDP ──reply with TC──────────────────► the same over TCP; if that fails, the truncated reply
 *      └───three replies that do not match─► the same over TCP
 *     FORMERR or NOTIMP without OPT ───────► the same without EDNS
 *
 * Which upstream is asked, and who is asked after a failure, is decided by `forward`; equal questions are joined before they come here.
 */
import type { Clock } from '../base/clock.ts';
import { Deadlines } from '../base/deadlines.ts';
import type { DatagramChannels } from '../datagram/channels.ts';
import { DGRAM_CHANNELS } from '../datagram/dgram-channels.ts';
import { askMessage } from '../wire/ask-message.ts';
import type { AskOptions, Question } from '../wire/ask-message.ts';
import { FORMERR, NOTIMP } from '../wire/registry.ts';
import { ExchangeError, closedError } from './exchange-error.ts';
import { HealthProbe } from './health-probe.ts';
import { HealthCheck } from './health.ts';
import { PendingQuery } from './pending-query.ts';
import { RandomIds } from './random-id.ts';
import { ReplyCheck, isTruncated, replyStatus } from './reply-check.ts';
import type { ReplyStatus } from './reply-check.ts';
import { hostPort, timerMs } from './settings.ts';
import type { UpstreamAddress, UpstreamSettings } from './settings.ts';
import type { StreamTarget } from './tcp-connection.ts';
import { TcpPool } from './tcp-pool.ts';
import { tcpConnector } from './tcp.ts';
import { tlsConnector } from './tls.ts';
import { UdpPool } from './udp-pool.ts';
import type { UdpTarget } from './udp-socket.ts';
import type { UpstreamMetrics, UpstreamSeries } from './upstream-metrics.ts';

export { ExchangeError } from './exchange-error.ts';
export type { ExchangeErrorCode } from './exchange-error.ts';
export type { TlsSettings, UpstreamAddress, UpstreamSettings } from './settings.ts';

/** How long an upstream that does not understand EDNS is asked without it. */
const WITHOUT_EDNS_MS = 300_000;
/** The age at which a connection is replaced unless configured: restarted upstreams get their share again. */
const DEFAULT_MAX_AGE_MS = 600_000;

/** What to ask. */
export interface Ask {
  readonly question: Question;
  readonly options: AskOptions;
}

/** What an upstream uses of the process that it lives in. */
export interface UpstreamDependencies {
  readonly clock: Clock;
  readonly metrics: UpstreamMetrics;
  /** How datagrams go and come; `node:dgram` when left out. */
  readonly channels?: DatagramChannels | undefined;
}

/** What one exchange goes by, from its first try to its last. */
interface Exchange {
  readonly ask: Ask;
  readonly transport: 'udp' | 'tcp';
  readonly startMs: number;
  readonly deadlineMs: number;
}

export class Upstream {
  /** `ip:port`, IPv6 in brackets. */
  readonly label: string;

  private readonly settings: UpstreamSettings;
  private readonly clock: Clock;
  private readonly deadlines: Deadlines;
  private readonly series: UpstreamSeries;
  /** A `tls` upstream has none. */
  private readonly udp: UdpPool | undefined;
  private readonly stream: TcpPool;
  private readonly health: HealthCheck;
  /** Health checks that failed since the last sign of life. */
  private fails = 0;
  private withoutEdnsUntilMs = -Infinity;
  private isClosed = false;

  /** @throws Error of node:tls for a certificate, key or authority that cannot be read. Opens nothing. */
  constructor(address: UpstreamAddress, settings: UpstreamSettings, dependencies: UpstreamDependencies) {
    this.label = hostPort(address.host, address.port);
    this.settings = settings;
    this.clock = dependencies.clock;
    this.deadlines = new Deadlines(this.clock);
    this.series = dependencies.metrics.of(this.label);
    const overTls = address.protocol === 'tls';
    const { udp, stream } = makeTargets(address, settings, dependencies.channels ?? DGRAM_CHANNELS);
    const onMismatch = (): void => {
      this.series.mismatchedReplies.value++;
    };
    this.udp = overTls ? undefined : new UdpPool(udp, this.series.connections('udp'), onMismatch);
    const streamSeries = this.series.connections(stream.connector.proto);
    this.stream = new TcpPool(stream, settings.maxIdleConnections ?? 0, streamSeries, onMismatch);
    const byStream = overTls || settings.healthCheckTransport === 'tcp';
    const probe = new HealthProbe(byStream ? { stream } : { udp }, settings, this.deadlines);
    this.health = new HealthCheck(probe, timerMs(settings.healthCheckIntervalMs), (healthy) =>
      this.probed(healthy),
    );
  }

  /** More health checks than `maxFails` have failed in a row. */
  get down(): boolean {
    return this.settings.maxFails > 0 && this.fails > this.settings.maxFails;
  }

  /**
   * Asks, and waits for a reply that was checked: a sound message in octets of its own, with the question asked and with its OPT. Its
   * rcode may be any, and TC may be set.
   * @param ask whose octets stay as they are until the exchange is over
   * @param transport `udp` is left for TCP where the protocol demands it; a `tls` upstream knows only TLS
   * @param deadlineMs on the clock; the exchange ends at it, or after `readTimeoutMs` if that is sooner
   * @throws ExchangeError only
   */
  exchange(ask: Ask, transport: 'udp' | 'tcp', deadlineMs: number): Promise<Uint8Array> {
    if (this.isClosed) return Promise.reject(closedError());
    const startMs = this.clock.nowMs();
    const exchange = {
      ask,
      transport,
      startMs,
      deadlineMs: Math.min(deadlineMs, startMs + this.settings.readTimeoutMs),
    };
    const edns = ask.options.edns && startMs >= this.withoutEdnsUntilMs;
    return edns ? this.askWithEdns(exchange) : this.askWithoutEdns(exchange);
  }

  /** An exchange has failed: checks the upstream's health until it is good. Does nothing where `maxFails` is 0. */
  probeSoon(): void {
    if (this.settings.maxFails > 0) this.health.start();
  }

  /** Refuses new exchanges, rejects those on the way with code `closed`, and closes every socket and timer. */
  close(): void {
    this.isClosed = true;
    this.health.close();
    this.udp?.close();
    this.stream.close();
  }

  private askWithEdns(exchange: Exchange): Promise<Uint8Array> {
    return this.askOnce(exchange, true, (reply) => {
      const status = replyStatus(reply);
      return refusesEdns(status) ? this.tryWithoutEdns(exchange) : this.over(exchange, reply, status);
    });
  }

  private askWithoutEdns(exchange: Exchange): Promise<Uint8Array> {
    return this.askOnce(exchange, false, (reply) => this.over(exchange, reply, replyStatus(reply)));
  }

  private tryWithoutEdns(exchange: Exchange): Promise<Uint8Array> {
    return this.askOnce(exchange, false, (reply) => {
      const status = replyStatus(reply);
      // An upstream that dislikes the question either way has said nothing about EDNS.
      if (!refusesEdns(status)) this.withoutEdnsUntilMs = this.clock.nowMs() + WITHOUT_EDNS_MS;
      return this.over(exchange, reply, status);
    });
  }

  private over({ startMs }: Exchange, reply: Uint8Array, { rcode }: ReplyStatus): Uint8Array {
    this.fails = 0;
    this.series.duration(rcode).observe((this.clock.nowMs() - startMs) / 1000);
    return reply;
  }

  /** One promise for the whole of an ordinary exchange: each more of them costs as much as reading the reply. */
  private askOnce(
    { ask, transport, deadlineMs }: Exchange,
    edns: boolean,
    take: (reply: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const { udp } = this;
    const message = askMessage(ask.question, ask.options, edns);
    const query = new PendingQuery(message, ask.question.name.length, deadlineMs, this.deadlines, false);
    if (transport === 'tcp' || udp === undefined) return this.stream.ask(query).then(take);
    udp.ask(query);
    return query.reply.then(
      (reply) => {
        udp.done();
        return isTruncated(reply) ? this.askByStream(query, reply).then(take) : take(reply);
      },
      (error: unknown) => {
        udp.done();
        if (!(error instanceof ExchangeError) || error.code !== 'invalid') throw error;
        return this.askByStream(query, undefined).then(take);
      },
    );
  }

  /** The same over TCP. @param truncated what there is without it */
  private async askByStream(
    { message, nameLength, deadlineMs }: PendingQuery,
    truncated: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    try {
      return await this.stream.ask(new PendingQuery(message, nameLength, deadlineMs, this.deadlines, false));
    } catch (error) {
      if (truncated === undefined || this.isClosed) throw error;
      return truncated;
    }
  }

  private probed(healthy: boolean): void {
    if (healthy) {
      this.fails = 0;
    } else {
      this.fails++;
      this.series.healthCheckFailures.value++;
    }
  }
}

/** FORMERR or NOTIMP by somebody who did not read the OPT, or else one would have come back (RFC 6891 section 7). */
const refusesEdns = (status: ReplyStatus): boolean =>
  !status.hasOpt && (status.rcode === FORMERR || status.rcode === NOTIMP);

function makeTargets(
  address: UpstreamAddress,
  settings: UpstreamSettings,
  channels: DatagramChannels,
): { udp: UdpTarget; stream: StreamTarget } {
  const { host, port } = address;
  const { sourceAddress } = settings;
  const shared = { ids: new RandomIds(), check: new ReplyCheck() };
  const connector =
    address.protocol === 'tls' ? tlsConnector(address, settings) : tcpConnector(host, port, sourceAddress);
  return {
    udp: { ...shared, channels, host, port, sourceAddress, lifeMs: timerMs(settings.expireMs) },
    stream: {
      ...shared,
      connector,
      idleMs: timerMs(settings.expireMs),
      maxAgeMs: timerMs(settings.maxAgeMs || DEFAULT_MAX_AGE_MS),
    },
  };
}
