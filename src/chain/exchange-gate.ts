/**
 * Lets exchanges with upstreams begin a few at a time, so that a flood of questions that nobody has asked before does not keep those
 * waiting who ask for what is in memory: beginning an exchange and taking in its answer cost as much as a dozen cached answers, while to
 * read a query and to find that it has to wait costs little. So the sockets of clients are read dry in every turn of the event loop, and
 * what needs an exchange stands in a line. The line is fair between clients (`fair-line.ts`), and so is what they have under way
 * (`exchange-shares.ts`): who floods waits behind itself. The line has an end, in queries and in time, and who does not fit is told at once.
 *
 * One gate serves the process (`SetupContext.processWide`). It knows nothing of upstreams, and does not limit how many exchanges of all
 * clients together are under way: that is theirs.
 */
import type { Clock } from '../base/clock.ts';
import type { Counter, Metrics } from '../observe/metric-types.ts';
import type { ClientId } from './client-id.ts';
import { ExchangeShares } from './exchange-shares.ts';
import { FairLine } from './fair-line.ts';
import type { Standing } from './fair-line.ts';
import type { SetupContext } from './plugin.ts';
import type { Query } from './query.ts';

/** Exchanges begun in one turn while nobody else asks: more than one, so that what they send shares system calls. */
export const MOST_PER_TURN = 64;
/** The same while answers are given from memory: some 30 µs of work each, so that who comes meanwhile waits for little. */
export const FEWEST_PER_TURN = 2;
/** With that many answers from memory in a turn one more exchange may begin: both then take about the same time. */
const ANSWERS_PER_EXCHANGE = 4;
/** How long after an answer from memory another one is expected. */
export const EXPECTING_MS = 1_000;
/** Queries in the line, each of some 2 KB: at 10,000 exchanges a second the last one waits for 0.2 s. */
export const LONGEST_LINE = 2_048;
/**
 * Queries of one client in the line while it has been too long for a while. A long line is for bursts; one that stands makes nobody faster, and
 * what waits in it outlives the young generation, so that the collector stops everybody for several milliseconds at a time.
 */
export const LONGEST_STANDING_LANE = 256;
/** The line has been too long for a while when queries were turned away for so long, */
export const STANDING_MS = 250;
/** and until none was for so long. */
const STOOD_MS = 1_000;
/** In the line; a client that has waited for so long asks again soon, and somewhere else. */
export const LONGEST_WAIT_MS = 1_000;
/** While all who wait have begun as much as they may: how soon it is looked again whether they may go on, or their patience is over. */
const LOOK_AGAIN_MS = 10;

/** Who wants to begin an exchange. */
export interface InLine extends Standing {
  /** Since when, in milliseconds of the gate's clock. */
  readonly sinceMs: number;
  /** When the gate let it begin; NaN before. The gate's to write. */
  beganMs: number;
  /** Its turn has come. Must not throw. */
  begin(): void;
  /** It has to go: it has waited for too long, or others have less than its client. It has left the line. Must not throw. */
  giveUp(): void;
}

/** Questions that got no exchange. */
export interface ShedCounters {
  /** Of clients that had the longest lanes of a full line. */
  readonly lineFull: Counter;
  /** Of such clients too, when another one came that had less. */
  readonly pushedOut: Counter;
  readonly waitedTooLong: Counter;
}

export interface GateOptions {
  /** Runs something once, after what is readable now was read: `setImmediate` but in tests. */
  readonly atEndOfTurn?: (run: () => void) => void;
  /** Runs something once, in so many milliseconds: a timer but in tests. */
  readonly afterMs?: (run: () => void, ms: number) => void;
  readonly shed?: ShedCounters;
}

export class ExchangeGate {
  /** Answers that took no exchange: who gives one counts it here. */
  answers = 0;
  private readonly clock: Clock;
  private readonly atEndOfTurn: (run: () => void) => void;
  private readonly afterMs: (run: () => void, ms: number) => void;
  private readonly shed: ShedCounters;
  /** Whether answers from memory are given these days, which exchanges should not keep waiting. */
  isSharing = false;
  private left = MOST_PER_TURN;
  private readonly line = new FairLine<InLine>(LONGEST_LINE);
  private readonly shares = new ExchangeShares();
  private isScheduled = false;
  private isLookingAgain = false;
  /** What `answers` was in the turn before, and when it last grew. */
  private counted = 0;
  private answeredMs = -Infinity;
  /** When the last turn began. */
  private turnMs = 0;
  /** When the last query was turned away at the end of the line, and since when that has happened all the time. */
  private refusedMs = -Infinity;
  private refusedSinceMs = 0;
  private readonly mayGo = (client: ClientId): boolean => this.shares.mayBegin(client, this.turnMs);
  private readonly turn = (): void => {
    this.isScheduled = false;
    this.turnMs = this.clock.nowMs();
    this.left = this.allowance(this.turnMs);
    this.dismiss(this.turnMs);
    while (this.left > 0) {
      const next = this.line.shift(this.mayGo);
      if (next === undefined) break;
      this.start(next, this.turnMs);
    }
    if (this.isCrowded && !this.isScheduled) this.lookAgainLater();
  };
  private readonly lookAgain = (): void => {
    this.isLookingAgain = false;
    if (!this.isCrowded) return;
    this.line.releaseAll();
    this.schedule();
  };

  constructor(clock: Clock, options: GateOptions = {}) {
    this.clock = clock;
    this.atEndOfTurn = options.atEndOfTurn ?? setImmediate;
    this.afterMs = options.afterMs ?? later;
    this.shed = options.shed ?? {
      lineFull: { value: 0 },
      pushedOut: { value: 0 },
      waitedTooLong: { value: 0 },
    };
  }

  /** Whether questions stand in the line: then is no time for exchanges that nobody waits for. */
  get isCrowded(): boolean {
    return this.line.size > 0;
  }

  /** Whether this client may begin an exchange at once. Otherwise it has to stand in the line. */
  mayBegin(client: ClientId): boolean {
    const nowMs = this.clock.nowMs();
    this.shares.note(client, nowMs);
    if (this.left === 0 || this.line.isReady || this.line.has(client)) return false;
    return this.shares.mayBegin(client, nowMs);
  }

  /** Lets an exchange begin that may. Whoever begins one says so when it is over (`end`). */
  begin(who: InLine): void {
    this.start(who, this.clock.nowMs());
  }

  /**
   * Makes sure of a place for this client at the end of the line: where it is full, somebody has to go whose client has more.
   * @returns false when there is none: no client has more, or this one has many in a line that stands
   */
  makePlace(client: ClientId): boolean {
    const { line } = this;
    const isTooLong = this.stands && line.lengthOf(client) >= LONGEST_STANDING_LANE;
    if (!isTooLong && (!line.isFull || (this.pushOutFor(client) && !line.isFull))) return true;
    if (this.turnMs - this.refusedMs >= STOOD_MS) this.refusedSinceMs = this.turnMs;
    this.refusedMs = this.turnMs;
    this.shed.lineFull.value++;
    return false;
  }

  /** Sends somebody away from the line whose client has more there than this one. @returns whether there was one */
  pushOutFor(client: ClientId): boolean {
    const out = this.line.pushOutFor(client);
    if (out === undefined) return false;
    this.shed.pushedOut.value++;
    out.giveUp();
    return true;
  }

  /** Puts somebody into the line, which has a place. */
  wait(who: InLine): void {
    this.line.push(who);
    this.schedule();
  }

  /** Another client waits for what may stand in the line. */
  alsoWanted(query: Pick<Query, 'key' | 'clientId'>): void {
    if (this.isCrowded) this.line.alsoWanted(query.key, query.clientId);
  }

  /** What was in the line, or has begun, is over. */
  end({ client, beganMs }: InLine): void {
    if (Number.isNaN(beganMs)) return;
    this.shares.ended(client, beganMs);
    if (!this.line.isHeld(client) || !this.shares.mayBegin(client, this.clock.nowMs())) return;
    this.line.release(client);
    this.schedule();
  }

  /** Whether the line has been too long for a while. */
  private get stands(): boolean {
    return this.refusedMs - this.refusedSinceMs >= STANDING_MS && this.turnMs - this.refusedMs < STOOD_MS;
  }

  private start(who: InLine, nowMs: number): void {
    this.left--;
    this.shares.begun(who.client, nowMs);
    who.beganMs = nowMs;
    this.schedule();
    who.begin();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.atEndOfTurn(this.turn);
  }

  private lookAgainLater(): void {
    if (this.isLookingAgain) return;
    this.isLookingAgain = true;
    this.afterMs(this.lookAgain, LOOK_AGAIN_MS);
  }

  private allowance(nowMs: number): number {
    const given = this.answers - this.counted;
    this.counted = this.answers;
    if (given > 0) this.answeredMs = nowMs;
    this.isSharing = nowMs - this.answeredMs < EXPECTING_MS;
    if (!this.isSharing) return MOST_PER_TURN;
    return Math.min(MOST_PER_TURN, Math.max(FEWEST_PER_TURN, Math.floor(given / ANSWERS_PER_EXCHANGE)));
  }

  /** Sends those away whose patience is over, so many at a time that it takes no longer than an exchange or two. */
  private dismiss(nowMs: number): void {
    for (let count = 0; count < MOST_PER_TURN; count++) {
      const { oldest } = this.line;
      if (oldest === undefined || nowMs - oldest.sinceMs < LONGEST_WAIT_MS) return;
      this.shed.waitedTooLong.value++;
      this.line.shiftOldest()?.giveUp();
    }
  }
}

const later = (run: () => void, ms: number): void => void setTimeout(run, ms).unref();

/** The gate of the process that a plugin is set up in. */
export const exchangeGate = (
  context: Pick<SetupContext, 'clock' | 'processWide' | 'metrics'>,
): ExchangeGate =>
  context.processWide(
    'exchange gate',
    () => new ExchangeGate(context.clock, { shed: shedCounters(context.metrics) }),
  );

function shedCounters(metrics: Metrics): ShedCounters {
  const shed = metrics.counter(
    'nodelocaldns_exchanges_shed_total',
    'Questions refused since too many wait to be asked upstream, by why it was these.',
    ['reason'],
  );
  return {
    lineFull: shed.with('line_full'),
    pushedOut: shed.with('pushed_out'),
    waitedTooLong: shed.with('waited_too_long'),
  };
}
