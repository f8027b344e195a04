/**
 * The guard: probes the server, lets each address be intercepted while it answers, and takes it back when it does not; keeps rules and
 * interface as they should be. What a probe means is the lease's (`lease.ts`), how the host is changed the upkeep's (`upkeep.ts`); here they
 * are brought together. It starts and ends no process: that is the supervisor's.
 */
import type { Clock } from '../base/clock.ts';
import type { HostError } from '../host/host-error.ts';
import type { Link } from '../host/link.ts';
import type { InterceptionPlan, Rules, RulesState } from '../host/rules.ts';
import type { Log } from '../observe/log-types.ts';
import type { Metrics } from '../observe/metric-types.ts';
import { adopt } from './adopt.ts';
import { DatagramCanary } from './canary.ts';
import type { Canary } from './canary.ts';
import { guardMetrics } from './guard-metrics.ts';
import type { GuardMetrics } from './guard-metrics.ts';
import { HostWatch } from './host-watch.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import type { Proto, Reason } from './lease.ts';
import { SocketProber } from './prober.ts';
import type { ProbeResult, Prober } from './prober.ts';
import { Pulse } from './pulse.ts';
import { Renewals } from './renewals.ts';
import { Rounds } from './rounds.ts';
import { BEAT_MS, LEAVING_MS, SYNC_INTERVAL_MS, checkTiming } from './timing.ts';
import { Upkeep, hostError } from './upkeep.ts';
import type { Operation, UpkeepEvents } from './upkeep.ts';

export interface GuardOptions {
  readonly plan: InterceptionPlan;
  /** Undefined where somebody else looks after the interface. */
  readonly link: Link | undefined;
  /** With the backend `none` nothing is armed, inspected or removed. */
  readonly rules: Rules;
  /** Only its answers count; undefined for any server of ours. */
  readonly instance: string | undefined;
  /** Milliseconds between two UDP probes of an address; `PROBE_INTERVAL_MS`. */
  readonly probeIntervalMs: number;
  /** Milliseconds between two full looks at rules and interface; `SYNC_INTERVAL_MS`. */
  readonly syncIntervalMs?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Over real sockets unless given. */
  readonly prober?: Prober;
  readonly canary?: Canary;
}

export class Guard {
  private readonly options: GuardOptions;
  private readonly leases: readonly Lease[];
  private readonly prober: Prober;
  private readonly rounds: Rounds;
  private readonly pulse: Pulse;
  private readonly upkeep: Upkeep;
  private readonly metrics: GuardMetrics;
  private readonly journal: Journal;
  /** Undefined without rules. */
  private readonly rules: Rules | undefined;
  private watch: HostWatch | undefined;
  /** What has begun to change the host comes to its end before anything else is done to it. */
  private starting: Promise<void> | undefined;
  private startedMs: number;
  /** Since then silence counts: a standstill of our own is no silence of the server. */
  private listeningSinceMs: number;
  private lastLookMs = -Infinity;
  private readonly renewals = new Renewals();
  /** What was complained of last, by operation, so that it is said once. */
  private readonly complaints = new Map<Operation, string>();
  private proved = false;
  /** Until then nothing is armed, whatever is answered: the server's sockets are closed, and its end is about to be told. */
  private leavingUntilMs = -Infinity;

  /** @throws RangeError for an interval that does not go with the lease */
  constructor(options: GuardOptions) {
    const { plan, rules, link, clock, log, metrics, instance, probeIntervalMs: intervalMs } = options;
    checkTiming(intervalMs, plan.leaseMs);
    this.options = options;
    this.rules = rules.backend === 'none' ? undefined : rules;
    const top = this.rules === undefined ? 'serving' : 'intercepting';
    this.leases = plan.addresses.map((address) => new Lease({ address, leaseMs: plan.leaseMs, top }));
    this.startedMs = this.listeningSinceMs = clock.nowMs();
    const ageMs = (lease: Lease, proto: Proto): number =>
      clock.nowMs() - (lease.lastGoodMs[proto] ?? this.startedMs);
    this.metrics = guardMetrics({ metrics, backend: rules.backend, leases: this.leases, ageMs });
    this.journal = new Journal(log, this.metrics.transitions);
    this.prober = options.prober ?? new SocketProber({ dnsPort: plan.dnsPort, instance, clock });
    this.upkeep = new Upkeep({ rules: this.rules, link, clock, events: this.upkeepEvents() });
    this.rounds = new Rounds({
      leases: this.leases,
      prober: this.prober,
      clock,
      intervalMs,
      probed: (lease, result) => this.probed(lease, result),
      stalled: (forMs) => this.stalled(forMs),
    });
    this.pulse = new Pulse({
      probeMs: intervalMs,
      beatMs: BEAT_MS,
      probe: () => this.rounds.next(),
      beat: () => void this.watch?.beat(),
    });
  }

  /**
   * Makes the interface, adopts or empties what stands, and begins to probe. Where it fails, what it made itself is gone again.
   *
   * @throws HostError
   */
  start(): Promise<void> {
    this.starting = this.begin();
    return this.starting;
  }

  private async begin(): Promise<void> {
    const { link, rules, plan, clock, log } = this.options;
    const madeLink = (await this.first('ensure', async () => link?.ensure())) ?? [];
    if (madeLink.length > 0) log.info(`interface: ${madeLink.join(', ')}`);
    let adopted: readonly string[];
    try {
      adopted = await this.first('install', async () =>
        this.rules === undefined ? [] : adopt(this.rules, this.prober, clock),
      );
    } catch (error) {
      if (madeLink.length > 0) await link?.remove().catch(() => undefined);
      throw error;
    }
    for (const weakness of rules.weaknesses) log.warn(weakness);
    this.startedMs = this.listeningSinceMs = clock.nowMs();
    for (const lease of this.leases) {
      const isAdopted = adopted.includes(lease.address);
      this.proved ||= isAdopted;
      this.journal.add(isAdopted ? lease.adopt(this.startedMs) : lease.begin(this.startedMs));
    }
    this.upkeep.begin(adopted);
    this.watch = new HostWatch({
      canary: this.rules && (this.options.canary ?? new DatagramCanary(plan.addresses)),
      link,
      clock,
      log,
      syncIntervalMs: this.options.syncIntervalMs ?? SYNC_INTERVAL_MS.default,
      isWell: () => this.leases.every(({ address, answers }) => answers && !this.renewals.isLapsed(address)),
      request: (operation) => this.upkeep.request(operation),
    });
    this.rounds.start();
    this.pulse.start();
  }

  /**
   * The process that serves has no sockets any more, and is about to end. What that means is `childGone`'s to say; where it does not come, all
   * goes on as before.
   */
  childLeaves(): void {
    const nowMs = this.options.clock.nowMs();
    this.leavingUntilMs = nowMs + LEAVING_MS;
    this.settle(nowMs);
  }

  /**
   * The process that serves has ended: nothing is intercepted until another one has proved itself.
   *
   * @param reason in words: `killed by SIGKILL`
   */
  childGone(reason: string): Promise<void> {
    this.leavingUntilMs = -Infinity;
    return this.leaveAll('exit', reason);
  }

  /** First step of a planned stop; nothing is armed from then on. Resolves also when the rules could not be changed, which the log says. */
  async disarm(reason: string): Promise<void> {
    await this.begun();
    await this.leaveAll('stop', reason);
  }

  /**
   * Ends probing, and everything that is done to the host.
   *
   * @param options.teardown whether rules and interface go; the rules first
   * @throws HostError the first of what could not be taken away; the other is tried all the same
   */
  async close({ teardown }: { readonly teardown: boolean }): Promise<void> {
    await this.begun();
    this.pulse.stop();
    this.rounds.stop();
    this.prober.release();
    this.watch?.stop();
    await this.upkeep.close();
    const nowMs = this.options.clock.nowMs();
    if (teardown) for (const lease of this.leases) this.journal.add(lease.end(nowMs));
    this.journal.flush();
    if (!teardown) return;
    const removals = [() => this.rules?.remove(), () => this.options.link?.remove()];
    const failures: unknown[] = [];
    for (const remove of removals) {
      try {
        await remove();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Milliseconds since the last good answer for any address, or since the start; times in which this process stood still do not count. */
  get silentMs(): number {
    if (this.rounds.standsStill) return 0;
    const goods = this.leases.flatMap(({ lastGoodMs: { udp, tcp } }) => [udp ?? 0, tcp ?? 0]);
    return this.options.clock.nowMs() - Math.max(this.listeningSinceMs, ...goods);
  }

  /** Whether some address has ever proved itself. */
  get everProved(): boolean {
    return this.proved;
  }

  /** Why not ready, a sentence for each address that is not served; empty when ready. */
  notReady(): string[] {
    return this.leases
      .filter(({ holds }) => !holds)
      .map(({ address, state }) => `${address}: ${state}: ${this.journal.why(address)}`);
  }

  /** Resolves when `start` is over, whatever came of it. */
  private async begun(): Promise<void> {
    await this.starting?.catch(() => undefined);
  }

  private async first<Result>(operation: Operation, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      const failure = hostError(operation, error);
      this.metrics.setupFailed(failure, true);
      throw failure;
    }
  }

  private async leaveAll(reason: Reason, details: string): Promise<void> {
    const nowMs = this.options.clock.nowMs();
    for (const lease of this.leases) this.journal.add(lease.leave(reason, nowMs), details);
    this.settle(nowMs);
    await this.upkeep.disarmed();
  }

  private probed(lease: Lease, result: ProbeResult): void {
    const nowMs = this.options.clock.nowMs();
    if (result.outcome === 'failed') this.metrics.probeFailed(lease.address, result.proto);
    this.journal.add(lease.probed(result, nowMs), result.why);
    this.proved ||= lease.proved;
    if (lease.suspect(nowMs) && nowMs - this.lastLookMs >= BEAT_MS) {
      this.lastLookMs = nowMs;
      this.upkeep.request('inspect');
    }
    this.settle(nowMs);
  }

  private stalled(forMs: number): void {
    const nowMs = this.options.clock.nowMs();
    this.listeningSinceMs = nowMs;
    for (const lease of this.leases) lease.excuse(nowMs);
    this.options.log.warn(`this process did not run for ${Math.round(forMs)} ms`);
  }

  /** Says anew what is wanted. */
  private settle(nowMs: number): void {
    const leases = nowMs < this.leavingUntilMs ? [] : this.leases;
    const wanted = leases.filter((lease) => lease.wanted(nowMs)).map(({ address }) => address);
    this.upkeep.want(new Set(wanted));
  }

  private lease(address: string): Lease | undefined {
    return this.leases.find((lease) => lease.address === address);
  }

  private upkeepEvents(): UpkeepEvents {
    const { clock, log } = this.options;
    return {
      armed: (addresses) => {
        for (const address of addresses) this.journal.add(this.lease(address)?.armed(clock.nowMs()));
      },
      answers: (address) => this.lease(address)?.answers ?? false,
      inspected: (state) => this.inspected(state),
      repaired: (what, details) => {
        this.metrics.repaired(what);
        log.warn(`${what} repaired: ${details}`);
      },
      failed: (operation, error, addresses) => this.failed(operation, error, addresses),
      succeeded: (operation, tookMs) => {
        this.metrics.took(operation, tookMs);
        if (this.complaints.delete(operation)) log.info(`${operation}: works again`);
      },
    };
  }

  /** @returns what is to be armed anew: held, answered, and yet without a lease */
  private inspected(state: RulesState): readonly string[] {
    const nowMs = this.options.clock.nowMs();
    this.watch?.inspected(state.standing === 'complete');
    const anew: string[] = [];
    for (const lease of this.leases) {
      const renewal = this.renewals.judge(lease, state, nowMs);
      if (renewal === 'renew') {
        anew.push(lease.address);
        this.metrics.repaired('lease');
        this.options.log.warn(`${lease.address}: armed anew: it had no lease though it is answered`);
      } else if (renewal !== 'keep') this.journal.add(lease.leave(renewal, nowMs));
    }
    this.settle(nowMs);
    return anew;
  }

  private failed(operation: Operation, error: HostError, addresses: readonly string[]): void {
    this.metrics.setupFailed(error, false);
    if (this.complaints.get(operation) !== error.message) {
      this.complaints.set(operation, error.message);
      this.options.log.error(`${operation}: ${error.message}; it is tried again`);
    }
    if (operation !== 'arm' && operation !== 'install') return;
    const nowMs = this.options.clock.nowMs();
    for (const address of addresses)
      this.journal.add(this.lease(address)?.leave('rules', nowMs), error.message);
    this.settle(nowMs);
  }
}
