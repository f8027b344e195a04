/**
 * The tries of one query: one upstream after the other until one answers or the time is over. Nearly every query is over with the first
 * one. While it stands in the gate's line it holds next to nothing: what is sent is laid out when its turn has come.
 */
import type { Clock } from '../../base/clock.ts';
import type { ClientId } from '../../chain/client-id.ts';
import type { ExchangeGate, InLine } from '../../chain/exchange-gate.ts';
import type { ExchangeObserver } from '../../chain/exchange-observer.ts';
import type { Later } from '../../chain/later.ts';
import { Failure } from '../../chain/outcome.ts';
import type { Outcome, Reply } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import type { ExchangeError } from '../../upstream/exchange-error.ts';
import type { Asker } from '../../upstream/pending-query.ts';
import { makeAsk } from '../../upstream/upstream.ts';
import type { Ask, Upstream } from '../../upstream/upstream.ts';
import { EDE_NETWORK_ERROR, EDE_NO_REACHABLE_AUTHORITY, EDE_OTHER, SERVFAIL } from '../../wire/registry.ts';
import { HedgedAsk, hedgeAfterMs } from './hedge.ts';
import type { Hedging } from './hedge.ts';
import type { ForwardMetrics } from './metrics.ts';
import { observedAsker } from './observed-asker.ts';
import type { ForwardOptions } from './options.ts';
import type { UpstreamOrder } from './policy.ts';
import { replyFromUpstream } from './reply.ts';

/** All attempts for one query together. A stub resolver gives up after 5 s and must hear of the failure before. */
export const QUERY_DEADLINE_MS = 4_500;

/** Without `max_connect_attempts`, on the average, as in CoreDNS. */
const USUAL_TRIES_PER_UPSTREAM = 2;
/** With `max_connect_attempts 0`, on the average: a server is asked the same thing three times at most (RFC 9520 section 3.2). */
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
  readonly gate: ExchangeGate;
  readonly metrics: ForwardMetrics;
  readonly order: UpstreamOrder<Target>;
  /** Undefined where no second upstream is asked before the first has failed. */
  readonly hedging: Hedging | undefined;
  /** Undefined where nobody watches what is asked. */
  readonly observer?: ExchangeObserver | undefined;
}

const NO_TARGETS: readonly Target[] = [];

const OVERLOADED = new Failure(SERVFAIL, 'too many queries wait to be asked upstream', SOURCE, {
  code: EDE_OTHER,
  text: 'too many queries',
});

/** What a client gets when there is no place in the line, or its patience there is over. */
export function overloaded({ metrics }: TriesSetting): Failure {
  metrics.overloadRejects.value++;
  return OVERLOADED;
}

const isQuarantined = ({ quarantined }: Target): boolean => quarantined;

/** Those that failed lately come last, so that they cost nobody time while there are others. */
function goodOnesFirst(order: readonly Target[], nowMs: number): readonly Target[] {
  if (order.length < 2) return order;
  const isTroubled = ({ upstream }: Target): boolean => upstream.isTroubled(nowMs);
  if (!order.some(isTroubled)) return order;
  return [...order.filter((target) => !isTroubled(target)), ...order.filter(isTroubled)];
}

/** An upstream that we do not want to ask any more just now is not ill. */
const isIllness = (error: ExchangeError): boolean => error.code !== 'busy';

const isUp = ({ upstream }: Target): boolean => !upstream.down;

export class Tries implements InLine, Asker {
  /** Since when the client waits; the time for all attempts runs from there. */
  readonly sinceMs: number;
  readonly client: ClientId;
  readonly key: string;
  beganMs = NaN;
  private readonly setting: TriesSetting;
  private readonly query: Query;
  private readonly transport: 'udp' | 'tcp';
  private readonly later: Later;
  private ask: Ask | undefined;
  /** Upstreams that may be asked, the best one first. */
  private order: readonly Target[] = NO_TARGETS;
  /** When the current try began. */
  private nowMs = 0;
  /** Those that were asked, the last one at the end. */
  private tried: Target[] | undefined;
  /** Those that were up when the current pass over them began, and how many of them had their turn. */
  private pass: readonly Target[] = NO_TARGETS;
  private passed = 0;

  /** @param later gets the outcome. */
  constructor(setting: TriesSetting, query: Query, transport: 'udp' | 'tcp', later: Later) {
    this.setting = setting;
    this.query = query;
    this.transport = transport;
    this.later = later;
    this.sinceMs = setting.clock.nowMs();
    this.client = query.clientId;
    this.key = query.key;
  }

  /** What to do first with the outcome. */
  static over(this: void, self: Tries, _query: Query, outcome: Outcome): Outcome {
    self.setting.gate.end(self);
    return outcome;
  }

  static overByBug(this: void, self: Tries): undefined {
    self.setting.gate.end(self);
  }

  /** Asks the first upstream, and others as it takes. To be called once. */
  begin(): void {
    try {
      const { query, setting } = this;
      const order = setting.order.next();
      this.nowMs = setting.clock.nowMs();
      this.order = goodOnesFirst(
        order.some(isQuarantined) ? order.filter((target) => !isQuarantined(target)) : order,
        this.nowMs,
      );
      this.ask = askFor(query);
      if (!this.next()) this.later.settle(this.noUpstream());
    } catch (error) {
      this.later.fail(error);
    }
  }

  giveUp(): void {
    this.later.settle(overloaded(this.setting));
  }

  replied(message: Uint8Array): void {
    try {
      const reply = replyFromUpstream(message, SOURCE);
      if (this.wantsAnother(reply)) this.goOn(reply);
      else this.later.settle(reply);
    } catch (error) {
      this.later.fail(error);
    }
  }

  failed(error: ExchangeError): void {
    try {
      if (this.setting.options.maxFails > 0 && isIllness(error)) this.tried?.at(-1)?.upstream.probeSoon();
      const code = error.code === 'timeout' ? EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
      const text = `upstream: ${error.code}`;
      this.goOn(new Failure(SERVFAIL, error.message, SOURCE, { code, text }));
    } catch (bug) {
      this.later.fail(bug);
    }
  }

  /** @returns false when there is nobody to ask. */
  private next(): boolean {
    const { ask, setting } = this;
    const target = this.candidate();
    if (target === undefined || ask === undefined) return false;
    if (this.tried === undefined) this.tried = [target];
    else this.tried.push(target);
    const endMs = Math.min(this.deadlineMs, this.nowMs + setting.options.readTimeoutMs);
    const asker = setting.hedging === undefined ? this : this.hedged(setting.hedging, target.upstream);
    this.send(target.upstream, ask, endMs, asker);
    return true;
  }

  /** Only the first try is hedged: after that something is wrong, and it is known already. */
  private hedged(hedging: Hedging, first: Upstream): Asker {
    if (this.tried?.length !== 1 || this.passed >= this.pass.length) return this;
    const atMs = this.nowMs + hedgeAfterMs(first);
    const pair = new HedgedAsk(hedging, atMs, this, (asker) => this.askSecond(asker));
    return this.probing(first, pair);
  }

  private askSecond(asker: Asker): boolean {
    const { clock, options } = this.setting;
    const nowMs = clock.nowMs();
    if (this.passed >= this.pass.length || nowMs >= this.deadlineMs) return false;
    const second = this.pass[this.passed++];
    this.tried?.push(second);
    const endMs = Math.min(this.deadlineMs, nowMs + options.readTimeoutMs);
    // In octets of its own: the first one's are in use.
    this.send(second.upstream, askFor(this.query), endMs, this.probing(second.upstream, asker));
    return true;
  }

  private send(upstream: Upstream, ask: Ask, endMs: number, asker: Asker): void {
    const { query, transport } = this;
    const { observer } = this.setting;
    const told = observer && observedAsker(observer, query, ask, { upstream, transport }, asker);
    upstream.ask(ask, transport, endMs, told ?? asker);
  }

  /** Of a pair one may fail when the other has replied, and its health has to be looked at all the same. */
  private probing(upstream: Upstream, asker: Asker): Asker {
    const mayProbe = this.setting.options.maxFails > 0;
    return {
      replied: (reply) => asker.replied(reply),
      failed: (error) => {
        if (mayProbe && isIllness(error)) upstream.probeSoon();
        asker.failed(error);
      },
    };
  }

  private get deadlineMs(): number {
    return this.sinceMs + QUERY_DEADLINE_MS;
  }

  private wantsAnother({ rcode }: Reply): boolean {
    const { failoverRcodes } = this.setting.options;
    return (
      failoverRcodes.has(rcode) && this.order.some((target) => isUp(target) && !this.tried?.includes(target))
    );
  }

  /** @param last what the client gets when this was the last try. */
  private goOn(last: Outcome): void {
    const { options, clock } = this.setting;
    const { maxConnectAttempts: wanted } = options;
    const perUpstream = wanted === undefined ? USUAL_TRIES_PER_UPSTREAM : MAX_TRIES_PER_UPSTREAM;
    const most = wanted || perUpstream * this.order.length;
    this.nowMs = clock.nowMs();
    // A try may have sent the question more than once, where the connections that it had led nowhere.
    const sends = this.ask?.sends ?? 0;
    const isSpent = (this.tried?.length ?? 0) >= most || sends >= MAX_TRIES_PER_UPSTREAM * this.order.length;
    const isOver = isSpent || this.nowMs >= this.deadlineMs;
    if (isOver || !this.next()) this.later.settle(last);
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

/** Nothing of the client's message but the question, DO and CD goes upstream; options are those that the Corefile adds. */
const askFor = (query: Query): Ask =>
  makeAsk(
    { name: query.nameAsAsked, type: query.type, class: query.class },
    {
      // Always: an answer to a question without RD would differ, and the cache could not tell.
      recursionDesired: true,
      checkingDisabled: query.checkingDisabled,
      dnssecOk: query.dnssecOk,
      edns: true,
      optionOctets: query.upstreamOptions,
    },
  );
