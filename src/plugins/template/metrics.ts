/** The metrics of templates: CoreDNS's names and labels. Series are found by numbers, so that counting a match makes no text. */
import { PerServer } from '../../chain/identity.ts';
import type { ServerIdentity, Zone } from '../../chain/identity.ts';
import type { Counter, Family, Metrics } from '../../observe/metric-types.ts';
import { className, recordType } from '../../wire/registry.ts';

const LABELS = ['server', 'zone', 'view', 'class', 'type'];
const FAILURE_LABELS = [...LABELS, 'section', 'template'];
/** Of types and classes without a name: one label for all, since which ones are asked for is the clients' choice. */
const UNNAMED = 0;

/** What a match is counted under: the zone of the template, and the class and type that it sees. */
export interface Matched {
  readonly server: ServerIdentity;
  readonly zone: Zone;
  readonly class: number;
  readonly type: number;
}

export class TemplateMetrics {
  private readonly matches: Family<Counter>;
  private readonly templateFailures: Family<Counter>;
  private readonly recordFailures: Family<Counter>;
  private readonly seriesByZone = new PerServer<Map<Zone, Map<number, Counter>>>(() => new Map());

  constructor(metrics: Metrics) {
    this.matches = metrics.counter(
      'coredns_template_matches_total',
      'Queries that a template matched.',
      LABELS,
    );
    this.templateFailures = metrics.counter(
      'coredns_template_template_failures_total',
      'Templates that failed while they ran.',
      FAILURE_LABELS,
    );
    this.recordFailures = metrics.counter(
      'coredns_template_rr_failures_total',
      'Templates whose output was no resource record.',
      FAILURE_LABELS,
    );
  }

  countMatch(matched: Matched): void {
    const zones = this.seriesByZone.of(matched.server);
    let series = zones.get(matched.zone);
    if (series === undefined) zones.set(matched.zone, (series = new Map()));
    const key = namedClass(matched.class) * 0x1_0000 + namedType(matched.type);
    let counter = series.get(key);
    if (counter === undefined) series.set(key, (counter = this.matches.with(...labels(matched))));
    counter.value++;
  }

  countTemplateFailure(matched: Matched, section: string, source: string): void {
    this.templateFailures.with(...labels(matched), section, source).value++;
  }

  countRecordFailure(matched: Matched, section: string, source: string): void {
    this.recordFailures.with(...labels(matched), section, source).value++;
  }
}

const namedType = (type: number): number => recordType(type)?.code ?? UNNAMED;
const namedClass = (klass: number): number => (className(klass).startsWith('CLASS') ? UNNAMED : klass);

function labels({ server, zone, class: klass, type }: Matched): string[] {
  const classLabel = namedClass(klass) === UNNAMED ? '' : className(klass);
  return [server.label, zone.text, '', classLabel, recordType(type)?.name ?? ''];
}
