/** Every query of a load: when it left, when it was answered, and by whom. */
import { PATIENCE_MS } from './options.ts';
import type { LoadResult, LoadTick } from './options.ts';

export class Ledger {
  readonly #target: number[] = [];
  readonly #sent: number[] = [];
  readonly #took: number[] = [];
  readonly #who: number[] = [];
  readonly #late: number[] = [];
  readonly #errors: Record<string, number> = {};
  #startNs = 0n;
  #waiting = 0;
  #tick: Record<string, number> = {};
  /** Everything before this has been answered, or counted as lost in a tick. */
  #tickFrom = 0;

  begin(): void {
    this.#startNs = process.hrtime.bigint();
  }

  /** Microseconds since the start. */
  nowUs(): number {
    return Number(process.hrtime.bigint() - this.#startNs) / 1_000;
  }

  /** @returns the query's index */
  asked(target: number, dueUs: number): number {
    const nowUs = this.nowUs();
    this.#late.push(Math.round(nowUs - dueUs));
    this.#waiting += 1;
    this.#target.push(target);
    this.#took.push(-1);
    this.#who.push(0);
    return this.#sent.push(Math.round(nowUs)) - 1;
  }

  /** A second answer to a query is ignored. */
  answered(index: number, who: number): void {
    if (this.#took[index] !== -1) return;
    this.#waiting -= 1;
    this.#took[index] = Math.round(this.nowUs()) - (this.#sent[index] ?? 0);
    this.#who[index] = who;
    this.#tick[who] = (this.#tick[who] ?? 0) + 1;
  }

  failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  /** Whether an answer may still come in time. */
  someAreWaiting(): boolean {
    const newest = this.#sent.at(-1) ?? 0;
    return this.#waiting > 0 && this.nowUs() - newest < PATIENCE_MS * 1_000;
  }

  /** What came since the last call, and whose time ran out. */
  takeTick(): LoadTick {
    const over = this.nowUs() - PATIENCE_MS * 1_000;
    let lost = 0;
    for (; (this.#sent[this.#tickFrom] ?? Infinity) < over; this.#tickFrom++) {
      if (this.#took[this.#tickFrom] === -1) lost += 1;
    }
    const answered = this.#tick;
    this.#tick = {};
    return { answered, lost };
  }

  result(): LoadResult {
    return {
      startNs: String(this.#startNs),
      target: this.#target,
      sent: this.#sent,
      took: this.#took,
      who: this.#who,
      late: this.#late,
      errors: this.#errors,
    };
  }
}
