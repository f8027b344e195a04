/**
 * One resolver that questions are forwarded to: its sockets and connections, its health, and what it has shown to understand. What an
 * exchange takes is in `exchange.ts`. Which upstream is asked, and who is asked after a failure, is decided by `forward`; equal questions
 * are joined before they come here.
 */
import type { Clock } from '../base/clock.ts';
import { Deadlines } from '../base/deadlines.ts';
import type { DatagramChannels } from '../datagram/channels.ts';
import { DGRAM_CHANNELS } from '../datagram/dgram-channels.ts';
import { Breaker } from './breaker.ts';
import { ExchangeError, closedError } from './exchange-error.ts';
import { Exchange } from './exchange.ts';
import type { Ask, ExchangeOwner } from './exchange.ts';
import { HealthProbe } from './health-probe.ts';
import { HealthCheck } from './health.ts';
import type { Asker } from './pending-query.ts';
import { PromisedReply } from './promised-reply.ts';
import { RandomIds } from './random-id.ts';
import { ReplyCheck } from './reply-check.ts';
import { RoundTrip } from './round-trip.ts';
import { hostPort, timerMs } from './settings.ts';
import type { UpstreamAddress, UpstreamSettings } from './settings.ts';
import type { StreamTarget } from './tcp-connection.ts';
import { TcpPool } from './tcp-pool.ts';
import { tcpConnector } from './tcp.ts';
import { tlsConnector } from './tls.ts';
import { UdpPool } from './udp-pool.ts';
import type { UdpPoolTarget } from './udp-pool.ts';
import type { UpstreamMetrics, UpstreamSeries } from './upstream-metrics.ts';

export { ExchangeError } from './exchange-error.ts';
export type { ExchangeErrorCode } from './exchange-error.ts';
export { makeAsk } from './exchange.ts';
export type { Ask } from './exchange.ts';
export type { TlsSettings, UpstreamAddress, UpstreamSettings } from './settings.ts';

/** How long an upstream that does not understand EDNS is asked without it. */
const WITHOUT_EDNS_MS = 300_000;
/** The age at which a connection is replaced unless configured: restarted upstreams get their share again. */
const DEFAULT_MAX_AGE_MS = 600_000;

/** What an upstream uses of the process that it lives in. */
export interface UpstreamDependencies {
  readonly clock: Clock;
  readonly metrics: UpstreamMetrics;
  /** How datagrams go and come; `node:dgram` when left out. */
  readonly channels?: DatagramChannels | undefined;
  /** Is told of each exchange that failed though the upstream could have answered. Must not throw. */
  readonly failed?: (() => void) | undefined;
}

export class Upstream implements ExchangeOwner {
  /** `ip:port`, IPv6 in brackets. */
  readonly label: string;

  private readonly settings: UpstreamSettings;
  private readonly clock: Clock;
  readonly deadlines: Deadlines;
  private readonly series: UpstreamSeries;
  /** A `tls` upstream has none. */
  readonly udp: UdpPool | undefined;
  readonly stream: TcpPool;
  private readonly health: HealthCheck;
  /** Health checks that failed since the last sign of life. */
  private fails = 0;
  private readonly breaker = new Breaker();
  private readonly roundTrip = new RoundTrip();
  private readonly hideRoundTrip: () => void;
  private readonly onFailure: (() => void) | undefined;
  private withoutEdnsUntilMs = -Infinity;
  isClosed = false;

  /** @throws Error of node:tls for a certificate, key or authority that cannot be read. Opens nothing. */
  constructor(address: UpstreamAddress, settings: UpstreamSettings, dependencies: UpstreamDependencies) {
    this.label = hostPort(address.host, address.port);
    this.settings = settings;
    this.clock = dependencies.clock;
    this.deadlines = new Deadlines(this.clock);
    this.onFailure = dependencies.failed;
    this.series = dependencies.metrics.of(this.label);
    this.hideRoundTrip = this.series.showRoundTrip(() => this.roundTrip.smoothedMs / 1000);
    const overTls = address.protocol === 'tls';
    const channels = dependencies.channels ?? DGRAM_CHANNELS;
    const { udp, stream } = makeTargets(address, settings, channels, this.roundTrip);
    const onMismatch = (): void => {
      this.series.mismatchedReplies.value++;
    };
    const udpOwner = { mismatched: onMismatch, askedAgain: () => this.asksAgain() };
    this.udp = overTls ? undefined : new UdpPool(udp, this.series.connections('udp'), udpOwner);
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

  /** Whether it failed lately, several times in a row, so that others should be asked first. Never where `maxFails` is 0. */
  isTroubled(nowMs: number): boolean {
    return this.settings.maxFails > 0 && this.breaker.isOpen(nowMs);
  }

  /** What 95 of 100 answers take at most, in milliseconds; 0 before the first one. */
  get percentile95Ms(): number {
    return this.roundTrip.percentile95Ms;
  }

  /**
   * Asks, and waits for a reply that was checked: a sound message in octets of its own, with the question asked and with its OPT. Its
   * rcode may be any, and TC may be set.
   * @param ask in no other exchange meanwhile
   * @param transport `udp` is left for TCP where the protocol demands it; a `tls` upstream knows only TLS
   * @param deadlineMs on the clock; the exchange ends at it, or after `readTimeoutMs` if that is sooner
   * @throws ExchangeError only
   */
  exchange(ask: Ask, transport: 'udp' | 'tcp', deadlineMs: number): Promise<Uint8Array> {
    const reply = new PromisedReply();
    this.ask(ask, transport, deadlineMs, reply);
    return reply.promise;
  }

  /** The same without a promise. The asker is told after this call. */
  ask(ask: Ask, transport: 'udp' | 'tcp', deadlineMs: number, asker: Asker): void {
    if (this.isClosed) return queueMicrotask(() => asker.failed(closedError()));
    const startMs = this.clock.nowMs();
    if (this.settings.quota?.take(startMs) === false) {
      return queueMicrotask(() => asker.failed(new ExchangeError('busy', `${this.label}: max_qps exceeded`)));
    }
    this.breaker.asked(startMs);
    const times = { startMs, deadlineMs: Math.min(deadlineMs, startMs + this.settings.readTimeoutMs) };
    const edns = ask.edns && startMs >= this.withoutEdnsUntilMs;
    new Exchange(this, ask, transport, edns, times, asker).begin();
  }

  /** An exchange has failed: checks the upstream's health until it is good. Does nothing where `maxFails` is 0. */
  probeSoon(): void {
    if (this.settings.maxFails > 0) this.health.start();
  }

  /** Refuses new exchanges, rejects those on the way with code `closed`, and closes every socket and timer. */
  close(): void {
    this.isClosed = true;
    this.hideRoundTrip();
    this.health.close();
    this.udp?.close();
    this.stream.close();
  }

  replied(startMs: number, askedMs: number, rcode: number): void {
    const nowMs = this.clock.nowMs();
    this.fails = 0;
    this.breaker.replied();
    this.roundTrip.note(nowMs - askedMs);
    this.series.duration(rcode).observe((nowMs - startMs) / 1000);
  }

  failed(error: ExchangeError): void {
    if (error.code === 'busy' || error.code === 'closed') {
      this.breaker.abandoned();
      return;
    }
    this.breaker.failed(this.clock.nowMs());
    this.onFailure?.();
  }

  asksAgain(): void {
    this.settings.quota?.charge();
  }

  knowsNoEdns(): void {
    this.withoutEdnsUntilMs = this.clock.nowMs() + WITHOUT_EDNS_MS;
  }

  private probed(healthy: boolean): void {
    if (healthy) {
      this.fails = 0;
      this.breaker.checked();
    } else {
      this.fails++;
      this.series.healthCheckFailures.value++;
    }
  }
}

function makeTargets(
  address: UpstreamAddress,
  settings: UpstreamSettings,
  channels: DatagramChannels,
  roundTrip: RoundTrip,
): { udp: UdpPoolTarget; stream: StreamTarget } {
  const { host, port } = address;
  const { sourceAddress } = settings;
  const { redialMs = 0 } = settings;
  const shared = { ids: new RandomIds(), check: new ReplyCheck(), roundTrip };
  const connector =
    address.protocol === 'tls' ? tlsConnector(address, settings) : tcpConnector(host, port, sourceAddress);
  return {
    udp: {
      ...shared,
      channels,
      host,
      port,
      sourceAddress,
      lifeMs: timerMs(settings.expireMs),
      waitsForReturn: redialMs > 0,
    },
    stream: {
      ...shared,
      connector,
      idleMs: timerMs(settings.expireMs),
      maxAgeMs: timerMs(settings.maxAgeMs || DEFAULT_MAX_AGE_MS),
      redialMs,
    },
  };
}
