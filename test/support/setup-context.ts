/** What a plugin sees while it is set up, held in memory: time that a test moves, log lines, metrics, and hooks that a test runs. */
import type { Clock } from '../../src/base/clock.ts';
import type { Fact } from '../../src/chain/facts.ts';
import type { Handler } from '../../src/chain/handler.ts';
import type { ServerIdentity, Zone } from '../../src/chain/identity.ts';
import { Failure } from '../../src/chain/outcome.ts';
import type { BlockSettings, OfferedUpstream, SetupContext } from '../../src/chain/plugin.ts';
import { Cursor } from '../../src/corefile/cursor.ts';
import { tokenize } from '../../src/corefile/lexer.ts';
import type { HttpAnswer, HttpRoute } from '../../src/observe/http-types.ts';
import type { Log } from '../../src/observe/log-types.ts';
import type { Counter, Family, Gauge, Histogram, Metrics } from '../../src/observe/metric-types.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { SERVFAIL } from '../../src/wire/registry.ts';

/** A cursor in front of the directive in `text`, as `Corefile` line 1 on. */
export const cursorOf = (text: string): Cursor => new Cursor('Corefile', tokenize(text, 'Corefile'));

/** Zones of a block, from lower-case presentation forms with final dot. */
export const zonesOf = (...texts: string[]): Zone[] =>
  texts.map((text, index) => ({ text, name: nameFromText(text), index }));

/** The end of a chain: REFUSED, so that a test sees that the query came through. */
export class LastHandler implements Handler {
  readonly name = 'last';
  asked = 0;
  outcome: ReturnType<Handler['ask']> = new Failure(5, 'nobody answered', 'last');

  ask(): ReturnType<Handler['ask']> {
    this.asked++;
    return this.outcome;
  }
}

export class FakeClock implements Clock {
  private ms = 1_000_000;

  nowMs(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }
}

/** Lines read `LEVEL MESSAGE`; those of the query log have no level. */
export class FakeLog implements Log {
  debugEnabled = true;
  readonly lines: string[];
  private readonly prefix: string;

  constructor(lines: string[] = [], prefix = '') {
    this.lines = lines;
    this.prefix = prefix;
  }

  debug(message: string): void {
    this.lines.push(`debug ${this.prefix}${message}`);
  }

  info(message: string): void {
    this.lines.push(`info ${this.prefix}${message}`);
  }

  warn(message: string): void {
    this.lines.push(`warn ${this.prefix}${message}`);
  }

  error(message: string): void {
    this.lines.push(`error ${this.prefix}${message}`);
  }

  child(prefix: string): Log {
    return new FakeLog(this.lines, `${this.prefix}${prefix}: `);
  }

  line(text: string): void {
    this.lines.push(text);
  }
}

/** A histogram that keeps what it was told. */
export class FakeHistogram implements Histogram {
  readonly observed: number[] = [];

  observe(value: number): void {
    this.observed.push(value);
  }
}

class FakeFamily<Series> implements Family<Series> {
  readonly series = new Map<string, Series>();
  private readonly make: () => Series;
  private readonly labelCount: number;
  private readonly name: string;

  constructor(name: string, labelNames: readonly string[], make: () => Series) {
    this.name = name;
    this.labelCount = labelNames.length;
    this.make = make;
  }

  with(...labelValues: string[]): Series {
    if (labelValues.length !== this.labelCount) throw new Error(`${this.name} has ${this.labelCount} labels`);
    const key = JSON.stringify(labelValues);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const made = this.make();
    this.series.set(key, made);
    return made;
  }

  clear(): void {
    this.series.clear();
  }
}

export class FakeMetrics implements Metrics {
  private readonly numbers = new Map<string, FakeFamily<Counter>>();
  private readonly histograms = new Map<string, FakeFamily<FakeHistogram>>();
  private readonly refreshers = new Set<() => void>();

  counter(name: string, _help: string, labelNames: readonly string[] = []): Family<Counter> {
    return this.numeric(name, labelNames);
  }

  gauge(name: string, _help: string, labelNames: readonly string[] = []): Family<Gauge> {
    return this.numeric(name, labelNames);
  }

  histogram(name: string, _help: string, labelNames: readonly string[]): Family<Histogram> {
    const known = this.histograms.get(name) ?? new FakeFamily(name, labelNames, () => new FakeHistogram());
    this.histograms.set(name, known);
    return known;
  }

  beforeScrape(refresh: () => void): () => void {
    this.refreshers.add(refresh);
    return () => this.refreshers.delete(refresh);
  }

  /** Runs what waits for a scrape. */
  scrape(): void {
    for (const refresh of this.refreshers) refresh();
  }

  /** A counter's or gauge's value; undefined for a family or series that nobody has made. */
  value(name: string, ...labelValues: string[]): number | undefined {
    return this.numbers.get(name)?.series.get(JSON.stringify(labelValues))?.value;
  }

  /** What a histogram's series was told; undefined as above. */
  observed(name: string, ...labelValues: string[]): readonly number[] | undefined {
    return this.histograms.get(name)?.series.get(JSON.stringify(labelValues))?.observed;
  }

  /** Names of all families, in the order in which they were made. */
  names(): string[] {
    return [...this.numbers.keys(), ...this.histograms.keys()];
  }

  private numeric(name: string, labelNames: readonly string[]): FakeFamily<Counter> {
    const known = this.numbers.get(name) ?? new FakeFamily(name, labelNames, () => ({ value: 0 }));
    this.numbers.set(name, known);
    return known;
  }
}

export class FakeContext implements SetupContext {
  zones: readonly Zone[] = zonesOf('.');
  servers: readonly ServerIdentity[] = [{ index: 0, label: 'dns://:53' }];
  settings: BlockSettings = {
    bindAddresses: undefined,
    debug: false,
    timeouts: undefined,
    reload: undefined,
    workers: undefined,
    lameduckMs: 0,
  };
  lenient = false;
  opensPages = true;
  channels = undefined;
  clock = new FakeClock();
  log = new FakeLog();
  metrics = new FakeMetrics();
  /** Routes that a plugin added, in order. */
  readonly routes: HttpRoute[] = [];
  /** Resolvers that a plugin offered, or that a test puts here. */
  readonly upstreams: OfferedUpstream[] = [];
  /** What a plugin said of itself, in order. */
  readonly facts: Fact[] = [];
  private readonly startHooks: (() => void | Promise<void>)[] = [];
  private readonly stopHooks: (() => void | Promise<void>)[] = [];
  private readonly shutdownHooks: (() => void)[] = [];
  private readonly readinessChecks: (() => boolean)[] = [];
  private readonly carried = new Map<string, unknown>();

  /** Fails unless a test replaces it. */
  resolve: SetupContext['resolve'] = () =>
    Promise.resolve(new Failure(SERVFAIL, 'the test resolves nothing', 'test'));

  get logLines(): string[] {
    return this.log.lines;
  }

  onStart(run: () => void | Promise<void>): void {
    this.startHooks.push(run);
  }

  onStop(run: () => void | Promise<void>): void {
    this.stopHooks.push(run);
  }

  onShutdown(run: () => void): void {
    this.shutdownHooks.push(run);
  }

  /** The names of the families, a line each. */
  metricsPage(): Promise<HttpAnswer> {
    return Promise.resolve({ status: 200, contentType: 'text/plain', body: this.metrics.names().join('\n') });
  }

  explain(fact: Fact): void {
    this.facts.push(fact);
  }

  offerUpstream(upstream: OfferedUpstream): void {
    this.upstreams.push(upstream);
  }

  http(route: HttpRoute): void {
    this.routes.push(route);
  }

  readiness(isReady: () => boolean): void {
    this.readinessChecks.push(isReady);
  }

  notReady(): string[] {
    return this.readinessChecks.flatMap((isReady, index) => (isReady() ? [] : [`check ${index}`]));
  }

  cacheOctets(): number {
    return 64 * 1024 * 1024;
  }

  /** As `carry`: a context is one process. */
  processWide<State>(key: string, make: () => State): State {
    return this.carry(`process ${key}`, make);
  }

  carry<State>(key: string, make: () => State): State {
    const known = this.carried.get(key);
    if (wasMadeBy(make, known)) return known;
    const made = make();
    this.carried.set(key, made);
    return made;
  }

  /** Runs what waits for the block's start, in order. */
  start(): Promise<void> {
    return inOrder(this.startHooks);
  }

  /** Runs what waits for the daemon to be told to end, in order. */
  shutdown(): void {
    for (const run of this.shutdownHooks) run();
  }

  /** Runs what waits for the block's end, in order. */
  stop(): Promise<void> {
    return inOrder(this.stopHooks);
  }
}

const inOrder = (hooks: (() => void | Promise<void>)[]): Promise<void> =>
  hooks.reduce((done, run) => done.then(run), Promise.resolve());

/** The contract makes the key vouch for the type. */
const wasMadeBy = <State>(_make: () => State, known: unknown): known is State => known !== undefined;

/** A context for `.` on `dns://:53`, with what a test wants otherwise. */
export const fakeContext = (
  overrides: Partial<
    Pick<
      FakeContext,
      | 'zones'
      | 'servers'
      | 'lenient'
      | 'opensPages'
      | 'settings'
      | 'clock'
      | 'log'
      | 'metrics'
      | 'metricsPage'
      | 'resolve'
    >
  > = {},
): FakeContext => Object.assign(new FakeContext(), overrides);
