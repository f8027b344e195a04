/**
 * Which clients flood a listening socket with TCP connections, and how long they are kept out for it. The kernel's queue of connections knows
 * no fairness: beside a client that fills it, the SYN of another is dropped and comes again after a second. So who has brought most of them
 * when there are too many brings none for a while, longer each time, and what it sends meanwhile costs next to nothing. How they are kept out is not decided here (`client-filter.ts`).
 */

/** Connections of one client in a second that can be too many; fewer are never taken ill. */
export const MANY_CONNECTIONS = 500;
const COUNTED_MS = 1_000;
/** For the first time: who sends its SYN again after a second gets in. At most; twice as long each time that it comes back so soon. */
export const FIRST_KEPT_OUT_MS = 700;
const MOST_KEPT_OUT_MS = 2_800;
/** How long after its return a client counts as one that came back. */
const REMEMBERED_MS = 10_000;
/** More than one that flood at once are rare, and the filter is asked for each packet. */
const MOST_CLIENTS = 8;

interface KeptOut {
  readonly untilMs: number;
  readonly lengthMs: number;
}

export class Flooders {
  private readonly came = new Map<string, number>();
  private worst = '';
  private most = 0;
  private countedSinceMs = 0;
  /** Also those that are back. */
  private readonly known = new Map<string, KeptOut>();
  private out: readonly string[] = [];

  /** Those that are kept out. */
  get keptOut(): readonly string[] {
    return this.out;
  }

  /** Whether nothing is counted or remembered: then there is no need to `pass`. */
  get isIdle(): boolean {
    return this.came.size === 0 && this.known.size === 0;
  }

  /** Notes a connection. @returns whether that is too many: its client was kept out lately, and goes on as before */
  note(client: string): boolean {
    const count = (this.came.get(client) ?? 0) + 1;
    this.came.set(client, count);
    if (count > this.most) {
      this.most = count;
      this.worst = client;
    }
    return count >= MANY_CONNECTIONS && this.known.has(client);
  }

  /** There are too many connections. @returns whether `keptOut` has changed */
  tooMany(nowMs: number): boolean {
    const { worst } = this;
    if (this.most < MANY_CONNECTIONS || this.out.length >= MOST_CLIENTS) return false;
    this.countFrom(nowMs);
    // Some of its connections were in the queue already.
    if (this.out.includes(worst)) return false;
    const before = this.known.get(worst);
    const lengthMs =
      before === undefined ? FIRST_KEPT_OUT_MS : Math.min(MOST_KEPT_OUT_MS, 2 * before.lengthMs);
    this.known.set(worst, { untilMs: nowMs + lengthMs, lengthMs });
    this.out = [...this.out, worst];
    return true;
  }

  /** Lets in again whose time is over; to be called a few times a second. @returns whether `keptOut` has changed */
  pass(nowMs: number): boolean {
    if (nowMs - this.countedSinceMs >= COUNTED_MS) this.countFrom(nowMs);
    if (this.known.size === 0) return false;
    const { length } = this.out;
    for (const [client, { untilMs }] of this.known) {
      if (nowMs >= untilMs + REMEMBERED_MS) this.known.delete(client);
    }
    this.out = this.out.filter((client) => nowMs < (this.known.get(client)?.untilMs ?? 0));
    return this.out.length !== length;
  }

  private countFrom(nowMs: number): void {
    this.countedSinceMs = nowMs;
    this.came.clear();
    this.most = 0;
  }
}
