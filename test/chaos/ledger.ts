/**
 * What became of every question of a chaos run, told by the faults there were while it was on its way. A question that meets two faults counts
 * for both. Availability is judged on those questions alone for whose zone some upstream had no fault, then and for a while before.
 */
import { UPSTREAMS_OF } from './corefile.ts';
import type { Zone } from './corefile.ts';
import { NO_DESCRIPTORS } from './faults.ts';
import type { Verdict } from './judge.ts';
import { Latencies } from './latencies.ts';

export interface Span {
  /** Of the fault, as the table has it. */
  readonly kind: string;
  /** Upstreams that it keeps from answering well. */
  readonly upstreams: readonly number[];
  /** By performance.now(). */
  readonly fromMs: number;
  /** Infinity while it lasts. */
  untilMs: number;
}

export interface Settled {
  readonly zone: Zone;
  readonly transport: 'udp' | 'tcp';
  readonly askedMs: number;
  readonly endMs: number;
  readonly verdict: Verdict | { readonly kind: 'lost'; readonly why: string };
}

export class Row {
  asked = 0;
  right = 0;
  stale = 0;
  failed = 0;
  lost = 0;
  wrong = 0;
  readonly latencies = new Latencies();

  /** Right ones of all, from 0 to 1; 1 for none. */
  get availability(): number {
    return this.asked === 0 ? 1 : (this.right + this.stale) / this.asked;
  }

  add({ verdict: { kind }, askedMs, endMs }: Settled): void {
    this.asked++;
    // A truncated answer is a good one; what it leads to is a question of its own.
    this[kind === 'truncated' ? 'right' : kind]++;
    this.latencies.add(endMs - askedMs);
  }
}

/**
 * How long an upstream has to have been well to count: a failure is remembered for a second (`servfail 1s`), twice as long where it came
 * twice, and an upstream that failed is checked every half second.
 */
const WELL_MS = 4_000;
/** Of each kind; more would say nothing new. */
const MOST_EXAMPLES = 12;
const MOST_REASONS = 500;

export class Ledger {
  /** By kind of fault; `none` for questions that met no fault. */
  readonly rows = new Map<string, Row>();
  /** Questions for whose zone an upstream was well, and the others. */
  readonly withUpstream = new Row();
  readonly withoutUpstream = new Row();
  readonly wrong: string[] = [];
  /** Why questions had no good answer, with what their upstreams and the daemon suffered from, and how many there were of each. */
  readonly reasons = new Map<string, number>();
  /** Questions without any answer although an upstream was well. */
  readonly lost: string[] = [];
  /** When the first question was asked, about; by performance.now(). */
  private readonly beganMs = performance.now();
  private spans: Span[] = [];

  /** @param upstreams that it keeps from answering; give what it returns to `end` */
  begin(kind: string, upstreams: readonly number[]): Span {
    const span = { kind, upstreams, fromMs: performance.now(), untilMs: Infinity };
    this.spans = [...this.spans.filter(({ untilMs }) => performance.now() - untilMs < 60_000), span];
    return span;
  }

  end(span: Span): void {
    span.untilMs = performance.now();
  }

  /** @param what for a lie, to tell it by */
  add(settled: Settled, what: () => string): void {
    const { askedMs, endMs, verdict, zone } = settled;
    const met = this.spans.filter(({ fromMs, untilMs }) => fromMs <= endMs && untilMs >= askedMs);
    const kinds = new Set(met.map(({ kind }) => kind));
    if (kinds.size === 0) kinds.add('none');
    for (const kind of kinds) this.rowOf(kind).add(settled);
    const good = this.hadUpstream(zone, askedMs - WELL_MS, endMs) && !this.hadNoDescriptors(settled);
    (good ? this.withUpstream : this.withoutUpstream).add(settled);
    if (verdict.kind === 'wrong') this.addWrong(`${what()}: ${verdict.reason}`, kinds);
    if (verdict.kind === 'failed' || verdict.kind === 'lost') this.addReason(settled, good);
    if (verdict.kind === 'lost' && good && this.lost.length < MOST_EXAMPLES) {
      this.lost.push(`${(askedMs - this.beganMs).toFixed(0)} ms after its start: ${what()}`);
    }
  }

  /** Something that no question can be blamed for. */
  addWrong(text: string, kinds: Iterable<string> = []): void {
    if (this.wrong.length < MOST_EXAMPLES) this.wrong.push(`${text} (${[...kinds].join(', ')})`);
  }

  private rowOf(kind: string): Row {
    let row = this.rows.get(kind);
    if (row === undefined) this.rows.set(kind, (row = new Row()));
    return row;
  }

  private hadUpstream(zone: Zone, fromMs: number, endMs: number): boolean {
    return UPSTREAMS_OF[zone].some(
      (upstream) =>
        !this.spans.some(
          (span) => span.upstreams.includes(upstream) && span.fromMs <= endMs && span.untilMs >= fromMs,
        ),
    );
  }

  /** A process that has no descriptor left takes no connection. Over UDP that is no excuse. */
  private hadNoDescriptors({ transport, askedMs, endMs }: Settled): boolean {
    return (
      transport === 'tcp' &&
      this.spans.some(
        ({ kind, fromMs, untilMs }) =>
          kind === NO_DESCRIPTORS && fromMs <= endMs && untilMs >= askedMs - WELL_MS,
      )
    );
  }

  private addReason({ zone, verdict, askedMs, endMs }: Settled, good: boolean): void {
    const why = verdict.kind === 'failed' ? verdict.error : verdict.kind === 'lost' ? verdict.why : '';
    const met = this.spans.filter(({ fromMs, untilMs }) => fromMs <= endMs && untilMs >= askedMs - WELL_MS);
    const upstreams = UPSTREAMS_OF[zone].map((upstream) =>
      met
        .filter((span) => span.upstreams.includes(upstream))
        .map(({ kind }) => kind.replace('upstream ', '')),
    );
    const text = [
      good ? 'AN UPSTREAM WELL' : 'none well',
      `${zone} (${upstreams.map((kinds) => kinds.join(' and ')).join(' | ')})`,
      ...met.filter((span) => span.upstreams.length === 0).map(({ kind }) => kind),
      why,
    ].join('; ');
    if (this.reasons.has(text) || this.reasons.size < MOST_REASONS) {
      this.reasons.set(text, (this.reasons.get(text) ?? 0) + 1);
    }
  }
}
