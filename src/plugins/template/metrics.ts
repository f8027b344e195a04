/** The metrics of templates: CoreDNS's names and labels. Series are kept by numbers, so that counting a match makes no text. */
import type { ServerIdentity, Zone } from '../../chain/identity.ts';
import { PerServer } from '../../chain/identity.ts';
import type { Counter, Family, Metrics } from '../../observe/metric-types.ts';
import { className, recordType } from '../../wire/registry.ts';

const LABELS = ['server', 'zone', 'view', 'class', 'type'];
const FAILURE_LABELS = [...LABELS, 'section', 'template'];

/** What a match is counted under: the zone of the rule, and the class and type that templates see. */
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
  private readonly matchSeries = new PerServer<Map<string, Map<number, Counter>>>(() => new Map());

  constructor(metrics: Metrics) {
    this.matches = metrics.counter('coredns_template_matches_total', 'Queries that a template matched.', LABELS);
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
    const zones = this.matchSeries.of(matched.server);
    let series = zones.get(matched.zone.text);
    if (series === undefined) zones.set(matched.zone.text, (series = new Map()));
    const labels = labelsOf(matched);
    const key = labels.class * 0x1_0000 + labels.type;
    let counter = series.get(key);
    if (counter === undefined) series.set(key, (counter = this.matches.with(...labels.texts)));
    counter.value++;
  }

  countTemplateFailure(matched: Matched, section: string, source: string): void {
    this.templateFailures.with(...labelsOf(matched).texts, section, source).value++;
  }

  countRecordFailure(matched: Matched, section: string, source: string): void {
    this.recordFailures.with(...labelsOf(matched).texts, section, source).value++;
  }
}

