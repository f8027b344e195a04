/**
 * What `run` does with its two halves: `serve` is kept running, and the guard hears first of everything that happens to it. A child that ends
 * is replaced after a pause that doubles; one that lives and gives no sign of life is killed; a planned end goes in the order in which no
 * query is lost: rules, child, interface. Processes, rules and probes themselves are elsewhere.
 *
 *     guard.start ─► child starts ─► proved by the guard's probes ─► … ─► child gone: guard.childGone ─► pause ─► child starts
 *                     │ ends with an exit code before the first proof ever: so does run
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/error-message.ts';
import type { Log } from '../observe/log-types.ts';
import type { ChildEnd, ServeChild } from './child-process.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** After a child that was good for so long the pauses begin anew. */
const GOOD_SERVICE_MS = 10_000;

/** Between two looks at a child: that is not proved yet, and at most. */
const LOOK_MS = { first: 250, most: 1_000 } as const;
/** A child reads its Corefile and binds its sockets in less than a second; this is for the slowest machine on its worst day. */
const START_MS = 30_000;

/** A signal before Node has its handlers would end the child; by then it has them, proved or not. */
const HEARS_SIGNALS_MS = 2_000;

/** A guard that cannot take its rules away in time must not keep the child, or this process, from ending. */
const DISARM_MS = 3000;

/** What is asked of the guard: `guard.ts` is it. */
export interface GuardedHost {
  start(): Promise<void>;
  /** The child's sockets are closed; `childGone` follows. */
  childLeaves(): void;
  childGone(reason: string): Promise<void>;
  /** Since its last good probe; time in which this process itself stood still is not the child's, and does not count. */
  readonly silentMs: number;
  /** Whether there was one since it was started. */
  readonly everProved: boolean;
  disarm(reason: string): Promise<void>;
  close(options: { readonly teardown: boolean }): Promise<void>;
}

export interface SupervisionOptions {
  readonly guard: GuardedHost;
  readonly start: () => ServeChild;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a child that was proved may be silent. */
  readonly frozenAfterMs: number;
  /** How long a child may take to end when it is asked to. */
  readonly stopMs: number;
  /** Whether the host is left as it was. */
  readonly teardown: boolean;
}

/** A child, and what has been seen of it. */
interface Watched {
  readonly child: ServeChild;
  readonly startedMs: number;
  /** Of the first and of the last sign of life that the guard had of it. */
  firstProofMs: number | undefined;
  lastProofMs: number;
  killed: boolean;
  /** Whether it is still to be told. */
  reloads: boolean;
}

export class Supervision {
  private readonly options: SupervisionOptions;
  private current: Watched | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;
  private endPause: (() => void) | undefined;

  constructor(options: SupervisionOptions) {
    this.options = options;
  }

  /**
   * Guards and serves until `stop`, or until a child fails before any was proved; the host is given back at the end in any case.
   *
   * @returns the exit code
   * @throws what `guard.start` throws
   */
  async run(): Promise<number> {
    const { guard, teardown } = this.options;
    try {
      await guard.start();
      return await this.keepServing();
    } finally {
      await guard.close({ teardown });
    }
  }

  /** The child's process id, while there is one. */
  get childPid(): number | undefined {
    return this.current?.child.pid;
  }

  /** A child that is just starting hears of it when it can: it may have read its Corefile already. */
  reload(): void {
    if (this.current === undefined) return;
    this.current.reloads = true;
    this.passReload(this.current);
  }

  /** A planned end; `run` comes back when it is over. @param signal what the child is sent */
  async stop(signal: 'SIGTERM' | 'SIGQUIT'): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.endPause?.();
    await this.atMost(DISARM_MS, 'rules could not be taken away', this.options.guard.disarm('stopping'));
    const { current } = this;
    if (current === undefined) return;
    current.child.signal(signal);
    const timer = setTimeout(() => {
      this.options.log.warn(`serve has not ended in ${this.options.stopMs} ms; killing it`);
      current.child.signal('SIGKILL');
    }, this.options.stopMs);
    await current.child.ended;
    clearTimeout(timer);
  }

  /** An end without any wait. */
  kill(): void {
    this.stopping = true;
    this.endPause?.();
    this.current?.child.signal('SIGKILL');
  }

  private async keepServing(): Promise<number> {
    try {
      while (!this.stopping) {
        const end = await this.serveOnce();
        if (this.stopping) break;
        if (!this.options.guard.everProved && end.code !== null && end.code !== 0) {
          this.options.log.error(`serve could not begin: ${end.how}`);
          return end.code;
        }
        await this.pause(end);
      }
      return 0;
    } finally {
      clearTimeout(this.timer);
    }
  }

  /** One child, from its start to its end. */
  private async serveOnce(): Promise<ChildEnd> {
    const { clock, guard, log } = this.options;
    const startedMs = clock.nowMs();
    const child = this.options.start();
    const watched: Watched = {
      child,
      startedMs,
      firstProofMs: undefined,
      lastProofMs: startedMs,
      killed: false,
      reloads: false,
    };
    this.current = watched;
    this.lookLater();
    if (child.pid !== undefined) log.debug(`serve runs as process ${child.pid}`);
    const leaves = (): void => {
      if (this.current === watched && !this.stopping) guard.childLeaves();
    };
    void child.closed.then(leaves);
    const end = await child.ended;
    // The guard before everything else: no packet may go where nobody listens. At a planned end it has been told.
    if (!this.stopping) {
      guard
        .childGone(end.how)
        .catch((error: unknown) => log.error(`after the end of serve: ${messageOf(error)}`));
    }
    this.current = undefined;
    const { firstProofMs, lastProofMs } = watched;
    if (firstProofMs !== undefined && lastProofMs - firstProofMs >= GOOD_SERVICE_MS)
      this.pauseMs = FIRST_PAUSE_MS;
    return end;
  }

  private async pause({ how }: ChildEnd): Promise<void> {
    const { pauseMs } = this;
    this.options.log.error(`serve has ended: ${how}; it is started again in ${pauseMs} ms`);
    this.pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = undefined;
  }

  /** The next look comes when a child that is silent from now on has been so for too long, or sooner. */
  private lookLater(): void {
    clearTimeout(this.timer);
    const { guard, frozenAfterMs } = this.options;
    const leftMs = this.current?.firstProofMs === undefined ? 0 : frozenAfterMs - guard.silentMs;
    this.timer = setTimeout(
      () => {
        this.look();
        this.lookLater();
      },
      leftMs > 0 ? Math.min(LOOK_MS.most, Math.ceil(leftMs)) : LOOK_MS.first,
    );
  }

  /** Takes note of signs of life, and kills a child that gives none. */
  private look(): void {
    const { current } = this;
    const { clock, frozenAfterMs, guard, log } = this.options;
    if (current === undefined || current.killed || this.stopping) return;
    const { silentMs } = guard;
    const nowMs = clock.nowMs();
    const ageMs = nowMs - current.startedMs;
    if (guard.everProved && silentMs < ageMs) {
      current.lastProofMs = nowMs - silentMs;
      current.firstProofMs ??= current.lastProofMs;
    }
    this.passReload(current);
    const mostMs = current.firstProofMs === undefined ? START_MS : frozenAfterMs;
    if (Math.min(silentMs, ageMs) < mostMs) return;
    current.killed = true;
    log.error(`serve (process ${current.child.pid}) gives no sign of life for ${mostMs} ms; killing it`);
    current.child.signal('SIGKILL');
  }

  private passReload(watched: Watched): void {
    const { child, firstProofMs, reloads, startedMs } = watched;
    const hears = firstProofMs !== undefined || this.options.clock.nowMs() - startedMs >= HEARS_SIGNALS_MS;
    if (!reloads || !hears) return;
    watched.reloads = false;
    child.signal('SIGUSR1');
  }

  private async atMost(ms: number, what: string, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.options.log.warn(`${what} within ${ms} ms`);
        resolve();
      }, ms);
    });
    const done = work.catch((error: unknown) => this.options.log.error(`${what}: ${messageOf(error)}`));
    await Promise.race([done, late]);
    clearTimeout(timer);
  }
}
