/**
 * An outcome that one query waits for, and what is to be done with it on its way out. Handlers that look at outcomes would each make a
 * promise out of another; where many queries wait that is most of what they hold in memory, and the collector copies it. So the promise is
 * made once, by whoever has to wait, and the handlers in front put their steps in a row (`settle`), which are run when the outcome is there.
 */
import type { Outcome, Pending } from './outcome.ts';
import type { Rescue, Finish, Query, Waiting } from './query.ts';

/** Steps are in the order in which handlers gave the promise on, from the last handler of the chain to the first. */
interface Step {
  readonly finish: Finish<unknown>;
  readonly rescue: Rescue<unknown> | undefined;
  readonly self: unknown;
  next: Step | undefined;
}

export class Later implements Waiting {
  /** The outcome after the last step. */
  readonly promise: Promise<Outcome>;
  private readonly query: Query;
  private readonly resolve: (outcome: Outcome) => void;
  private readonly reject: (error: unknown) => void;
  private first: Step | undefined;
  private last: Step | undefined;

  /** The query waits for this from now on. */
  constructor(query: Query) {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.query = query;
    query.waiting = this;
  }

  add<Self>(finish: Finish<Self>, self: Self, rescue: Rescue<Self> | undefined): void {
    // What a step is called with is what was given with it.
    const step = { finish, rescue, self, next: undefined } as Step;
    if (this.last === undefined) this.first = step;
    else this.last.next = step;
    this.last = step;
  }

  /** The outcome is there. Does not throw: what a step throws is what the promise rejects with. */
  settle(outcome: Outcome): void {
    for (let step = this.shift(); step !== undefined; step = this.shift()) {
      let pending: Pending;
      try {
        pending = step.finish(step.self, this.query, outcome);
      } catch (error) {
        return this.failAt(step, error);
      }
      if (pending instanceof Promise) return this.goOnAfter(pending, step);
      outcome = pending;
    }
    this.leaveQuery();
    this.resolve(outcome);
  }

  /** There will be no outcome, because of a bug, unless somebody in the row has one all the same. Does not throw. */
  fail(error: unknown): void {
    const step = this.shift();
    if (step !== undefined) return this.failAt(step, error);
    this.leaveQuery();
    this.reject(error);
  }

  private failAt({ self, rescue }: Step, error: unknown): void {
    const outcome = rescue?.(self, this.query, error);
    if (outcome === undefined) this.fail(error);
    else this.settle(outcome);
  }

  /** One step has to wait by itself. */
  private goOnAfter(pending: Promise<Outcome>, step: Step): void {
    pending.then(
      (outcome) => this.settle(outcome),
      (error: unknown) => this.failAt(step, error),
    );
  }

  private shift(): Step | undefined {
    const step = this.first;
    this.first = step?.next;
    if (this.first === undefined) this.last = undefined;
    return step;
  }

  /** Queries are used again, and should not keep what they waited for. */
  private leaveQuery(): void {
    if (this.query.waiting === this) this.query.waiting = undefined;
  }
}
