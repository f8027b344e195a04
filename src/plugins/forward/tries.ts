/**
 * The tries of one query: one upstream after the other until one answers or the time is over. Nearly every query is over with the first
 * one, and costs one promise then.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import { ExchangeError } from '../../upstream/exchange-error.ts';
import type { Ask, Upstream } from '../../upstream/upstream.ts';
import { EDE_NETWORK_ERROR, EDE_NO_REACHABLE_AUTHORITY, SERVFAIL } from '../../wire/registry.ts';
import type { ForwardMetrics } from './metrics.ts';
import type { ForwardOptions } from './options.ts';
import { replyFromUpstream } from './reply.ts';

/** All attempts for one query together. A stub resolver gives up after 5 s and must hear of the failure before. */
export const QUERY_DEADLINE_MS = 4_500;

/** Without `max_connect_attempts`, on the average: a server is asked the same thing three times at most (RFC 9520 section 3.2). */
const MAX_TRIES_PER_UPSTREAM = 3;

/** Name of the plugin, in outcomes. */
export const SOURCE = 'forward';

/** An upstream, and whether clients' queries may go there. */
export interface Target {
  readonly upstream: Upstream;
  quarantined: boolean;
}

/** What the queries of one `forward` line have in common. */
export interface TriesSetting {
  readonly options: ForwardOptions;
  readonly clock: Clock;
  readonly metrics: ForwardMetrics;
}

const isUp = ({ upstream }: Target): boolean => !upstream.down;

export class Tries {
  private readonly setting: TriesSetting;
  private readonly ask: Ask;
  private readonly transport: 'udp' | 'tcp';
  /** Upstreams that may be asked, the best one first. */
  private readonly order: readonly Target[];
  private readonly deadlineMs: number;
  /** When the current try began. */
  private nowMs: number;
  private readonly tried: Target[] = [];
  /** Those that were up when the current pass over them began, and how many of them had their turn. */
  private pass: readonly Target[] = [];
  private passed = 0;

  /** @param sinceMs since when the client waits; the time for all attempts runs from there. */
  constructor(
    setting: TriesSetting,
    ask: Ask,
    transport: 'udp' | 'tcp',
    order: readonly Target[],
    sinceMs: number,
  ) {
    this.setting = setting;
    this.ask = ask;
    this.transport = transport;
    this.order = order;
    this.nowMs = setting.clock.nowMs();
    this.deadlineMs = sinceMs + QUERY_DEADLINE_MS;
  }

  /** Asks the first upstream, and others as it takes. To be called once. */
  run(): Promise<Outcome> {
    return this.next() ?? Promise.resolve(this.noUpstream());
  }

  /** @returns undefined when there is nobody to ask. */
  private next(): Promise<Outcome> | undefined {
    const target = this.candidate();
    if (target === undefined) return undefined;
    this.tried.push(target);
    const endMs = Math.min(this.deadlineMs, this.nowMs + this.setting.options.readTimeoutMs);
    return target.upstream.exchange(this.ask, this.transport, endMs).then(
      (message) => this.replied(message),
      (error: unknown) => this.failed(target.upstream, error),
    );
  }

  private replied(message: Uint8Array): Outcome | Promise<Outcome> {
    const reply = replyFromUpstream(message, SOURCE);
    if (!this.setting.options.failoverRcodes.has(reply.rcode)) return reply;
    const anyLeft = this.order.some((target) => !this.tried.includes(target) && isUp(target));
    return anyLeft ? this.goOn(reply) : reply;
  }

  private failed(upstream: Upstream, error: unknown): Outcome | Promise<Outcome> {
    if (!(error instanceof ExchangeError)) throw error;
    if (this.setting.options.maxFails > 0) upstream.probeSoon();
    const code = error.code === 'timeout' ? EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
    return this.goOn(new Failure(SERVFAIL, error.message, SOURCE, { code, text: `upstream: ${error.code}` }));
  }

  /** @param last what the client gets when this was the last try. */
  private goOn(last: Outcome): Outcome | Promise<Outcome> {
    const { options, clock } = this.setting;
    const most = options.maxConnectAttempts || MAX_TRIES_PER_UPSTREAM * this.order.length;
    this.nowMs = clock.nowMs();
    if (this.tried.length >= most || this.nowMs >= this.deadlineMs) return last;
    return this.next() ?? last;
  }

  /**
   * The upstreams in order, over and over; those that health checks found down are left out. Where all are down one at random is tried
   * all the same, since the checks may be wrong, unless the configuration says to fail fast.
   */
  private candidate(): Target | undefined {
    if (this.passed < this.pass.length) return this.pass[this.passed++];
    const { order, setting } = this;
    if (order.length === 0) return undefined;
    this.pass = order.every(isUp) ? order : order.filter(isUp);
    this.passed = 1;
    if (this.pass.length > 0) return this.pass[0];
    setting.metrics.allUpstreamsDown.value++;
    if (setting.options.failfastAllUnhealthy) return undefined;
    return order[Math.floor(Math.random() * order.length)];
  }

  private noUpstream(): Failure {
    const reason = this.order.length === 0 ? 'no upstream that may be asked' : 'no healthy proxies';
    return new Failure(SERVFAIL, reason, SOURCE, { code: EDE_NO_REACHABLE_AUTHORITY, text: reason });
  }
}
