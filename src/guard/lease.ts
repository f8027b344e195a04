/**
 * Whether one address should be intercepted: the states that it goes through, judged by probes and by what happens to the server. Pure: time
 * is an argument, and nothing is done to the host; the guard arms what is `wanted` and says when it stands.
 *
 *     absent ──► proving ──► intercepting ──► fallback ──► proving …
 *                    └──────────────────────────▲             (without rules `serving` stands in the place of `intercepting`)
 */
import {
  DRAINING_TO_LEAVE,
  FAILURES_TO_LEAVE,
  FIRST_HOLD_MS,
  FLAP_MS,
  GOOD_TO_ENTER,
  MOST_HOLD_MS,
  TCP_FAILURES_TO_LEAVE,
  UDP_DEAD,
} from './timing.ts';

export const LEASE_STATES = ['absent', 'proving', 'intercepting', 'serving', 'fallback'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/** Why an address went into its state, and how a line of the log says it. */
export const REASONS = {
  start: 'the interface stands, waiting for answers',
  answers: 'the server answers again',
  proved: 'probes over UDP and TCP were answered',
  adopted: 'it was intercepted already, and is answered',
  exit: 'the server has ended',
  probes: 'probes are not answered and the lease has lapsed',
  tcp: 'probes over TCP are not answered',
  udp: 'probes over UDP are not answered',
  draining: 'the server is about to stop',
  lapsed: 'the kernel does not renew the lease',
  rules: 'the rules could not be changed',
  stop: 'planned stop',
  teardown: 'rules and interface are taken away',
} as const;
export type Reason = keyof typeof REASONS;

export interface Transition {
  readonly address: string;
  readonly to: LeaseState;
  readonly reason: Reason;
}

export type Proto = 'udp' | 'tcp';

export interface Probed {
  readonly proto: Proto;
  readonly outcome: 'good' | 'draining' | 'failed';
  /** When it was sent. */
  readonly askedMs: number;
}

export interface LeaseOptions {
  readonly address: string;
  readonly leaseMs: number;
  /** The state of an address that is answered. */
  readonly top: 'intercepting' | 'serving';
}

export class Lease {
  readonly address: string;
  state: LeaseState = 'absent';
  reason: Reason = 'start';
  /** When the state began. */
  sinceMs = 0;
  /** Until then it is kept out. */
  heldUntilMs = 0;
  /** Of the last good answer; undefined before there was one. */
  readonly lastGoodMs: Record<Proto, number | undefined> = { udp: undefined, tcp: undefined };

  private readonly leaseMs: number;
  private readonly top: 'intercepting' | 'serving';
  private goodInRow = 0;
  private drainingInRow = 0;
  private readonly failuresInRow: Record<Proto, number> = { udp: 0, tcp: 0 };
  private tcpProved = false;
  /** Fallbacks in a row, each soon after the address was let in. */
  private flaps = 0;
  private stopped = false;
  /** Probes that were sent before this tell of a server that is gone. */
  private countFromMs = -Infinity;
  /** When failures began to count: the last good answer over UDP, or what makes everything before it void. */
  private silentFromMs = 0;

  constructor({ address, leaseMs, top }: LeaseOptions) {
    this.address = address;
    this.leaseMs = leaseMs;
    this.top = top;
  }

  get holds(): boolean {
    return this.state === this.top;
  }

  /** Whether the last probe over UDP was answered. */
  get answers(): boolean {
    return this.goodInRow > 0;
  }

  get proved(): boolean {
    return this.goodInRow >= GOOD_TO_ENTER && this.tcpProved;
  }

  get needsTcp(): boolean {
    return !this.tcpProved;
  }

  /** Whether it should be armed: it is, or has proved itself and is not kept out. */
  wanted(nowMs: number): boolean {
    if (this.stopped || this.state === 'absent') return false;
    return this.holds || (this.proved && nowMs >= this.heldUntilMs);
  }

  /** Held, and without an answer over UDP for a lease: if the kernel's lease has lapsed too, it is over. */
  suspect(nowMs: number): boolean {
    return (
      this.holds && this.failuresInRow.udp >= FAILURES_TO_LEAVE && nowMs - this.silentFromMs >= this.leaseMs
    );
  }

  /** The interface stands. */
  begin(nowMs: number): Transition | undefined {
    return this.state === 'absent' ? this.go('proving', 'start', nowMs) : undefined;
  }

  /** Takes over what a former guard has armed, after a good answer. */
  adopt(nowMs: number): Transition {
    this.goodInRow = GOOD_TO_ENTER;
    this.tcpProved = true;
    this.lastGoodMs.udp = nowMs;
    this.silentFromMs = nowMs;
    return this.go(this.top, 'adopted', nowMs);
  }

  /** What became of a probe. */
  probed(probed: Probed, nowMs: number): Transition | undefined {
    if (probed.askedMs < this.countFromMs) return undefined;
    this.count(probed, nowMs);
    if (this.holds) {
      const reason = this.reasonToLeave(nowMs);
      return reason === undefined ? undefined : this.leave(reason, nowMs);
    }
    const mayProve = this.answers && nowMs >= this.heldUntilMs && !this.stopped && this.reason !== 'rules';
    return this.state === 'fallback' && mayProve ? this.go('proving', 'answers', nowMs) : undefined;
  }

  /** It stands armed. */
  armed(nowMs: number): Transition | undefined {
    if (this.holds || !this.wanted(nowMs)) return undefined;
    this.silentFromMs = nowMs;
    return this.go(this.top, 'proved', nowMs);
  }

  /** It is not to be intercepted any more; of an address that held, how soon it may again follows from how long it did. */
  leave(reason: Reason, nowMs: number): Transition | undefined {
    if (reason === 'stop') this.stopped = true;
    // Rules that fail say nothing about the server; one that stops as planned does not flap.
    if (this.holds && reason !== 'rules' && reason !== 'draining') this.hold(nowMs);
    if (reason !== 'rules') this.forget(nowMs);
    if (this.state === 'absent' || (this.state === 'fallback' && this.reason === reason)) return undefined;
    return this.go('fallback', reason, nowMs);
  }

  /** Nothing of it is left on the host. */
  end(nowMs: number): Transition | undefined {
    this.stopped = true;
    return this.state === 'absent' ? undefined : this.go('absent', 'teardown', nowMs);
  }

  /** The guard itself did not run for a while: that nobody answered means nothing. */
  excuse(nowMs: number): void {
    this.silentFromMs = nowMs;
    this.failuresInRow.udp = 0;
    this.failuresInRow.tcp = 0;
  }

  private count({ proto, outcome }: Probed, nowMs: number): void {
    const isGood = outcome === 'good';
    this.drainingInRow = outcome === 'draining' ? this.drainingInRow + 1 : 0;
    this.failuresInRow[proto] = outcome === 'failed' ? this.failuresInRow[proto] + 1 : 0;
    if (isGood) this.lastGoodMs[proto] = nowMs;
    if (proto === 'tcp') {
      this.tcpProved = isGood;
      return;
    }
    this.goodInRow = isGood ? this.goodInRow + 1 : 0;
    if (outcome !== 'failed') this.silentFromMs = nowMs;
  }

  private reasonToLeave(nowMs: number): Reason | undefined {
    const { udp, tcp } = this.failuresInRow;
    if (this.drainingInRow >= DRAINING_TO_LEAVE) return 'draining';
    if (tcp >= TCP_FAILURES_TO_LEAVE && udp === 0) return 'tcp';
    const udpIsDead = udp >= UDP_DEAD.failures && nowMs - this.silentFromMs >= UDP_DEAD.ms;
    if (udpIsDead && this.tcpProved) return 'udp';
    // Without rules there is no lease to look at.
    return this.top === 'serving' && this.suspect(nowMs) ? 'probes' : undefined;
  }

  private hold(nowMs: number): void {
    const flaps = nowMs - this.sinceMs < FLAP_MS;
    this.flaps = flaps ? this.flaps + 1 : 0;
    const holdMs = flaps ? Math.min(MOST_HOLD_MS, FIRST_HOLD_MS * 2 ** (this.flaps - 1)) : 0;
    this.heldUntilMs = nowMs + holdMs;
  }

  private forget(nowMs: number): void {
    this.goodInRow = 0;
    this.drainingInRow = 0;
    this.failuresInRow.udp = 0;
    this.failuresInRow.tcp = 0;
    this.tcpProved = false;
    this.countFromMs = nowMs;
  }

  private go(to: LeaseState, reason: Reason, nowMs: number): Transition {
    this.state = to;
    this.reason = reason;
    this.sinceMs = nowMs;
    return { address: this.address, to, reason };
  }
}
