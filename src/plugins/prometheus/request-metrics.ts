/**
 * The request metrics of CoreDNS, `coredns_dns_*`: same names, labels and buckets. Series are found once per server and zone and then
 * indexed by small integers; a query costs additions only.
 */
import type { Clock } from '../../base/clock.ts';
import { DROP, FAILURE } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { SIZE_BUCKETS, TIME_BUCKETS } from '../../observe/buckets.ts';
import type { Counter, Family, Histogram, Metrics } from '../../observe/metric-types.ts';
import { rcodeName } from '../../wire/registry.ts';

/** Types with a label value of their own; all others are `other`, since clients choose them. */
const TYPE_LABELS: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [28, 'AAAA'],
  [5, 'CNAME'],
  [48, 'DNSKEY'],
  [43, 'DS'],
  [15, 'MX'],
  [50, 'NSEC3'],
  [47, 'NSEC'],
  [2, 'NS'],
  [12, 'PTR'],
  [46, 'RRSIG'],
  [6, 'SOA'],
  [33, 'SRV'],
  [16, 'TXT'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [251, 'IXFR'],
  [252, 'AXFR'],
  [255, 'ANY'],
]);
/** The place of each type among the labels, by type; 0 is "other". */
const TYPE_PLACES = new Uint8Array(256);
[...TYPE_LABELS.keys()].forEach((type, index) => (TYPE_PLACES[type] = index + 1));
const PLACE_LABELS: readonly string[] = ['other', ...TYPE_LABELS.values()];

interface TransportSeries {
  readonly requestSize: Histogram;
  readonly responseSize: Histogram;
  /** Requests by family (index 0: IPv4, 1: IPv6) and the place of their type. */
  readonly requests: readonly [(Counter | undefined)[], (Counter | undefined)[]];
}

export interface RequestFamilies {
  readonly requests: Family<Counter>;
  readonly durations: Family<Histogram>;
  readonly requestSizes: Family<Histogram>;
  readonly responseSizes: Family<Histogram>;
  readonly doRequests: Family<Counter>;
  readonly responses: Family<Counter>;
}

const ZONE_LABELS = ['server', 'zone', 'view'];

export function requestFamilies(metrics: Metrics): RequestFamilies {
  const transportLabels = [...ZONE_LABELS, 'proto'];
  return {
    requests: metrics.counter(
      'coredns_dns_requests_total',
      'DNS queries received, by zone, transport, address family and type.',
      [...transportLabels, 'family', 'type'],
    ),
    durations: metrics.histogram(
      'coredns_dns_request_duration_seconds',
      'Time from query to answer, in seconds.',
      ZONE_LABELS,
      TIME_BUCKETS,
    ),
    requestSizes: metrics.histogram(
      'coredns_dns_request_size_bytes',
      'Octets of the queries received.',
      transportLabels,
      SIZE_BUCKETS,
    ),
    responseSizes: metrics.histogram(
      'coredns_dns_response_size_bytes',
      'Octets of the answers, before they are fitted to the client.',
      transportLabels,
      SIZE_BUCKETS,
    ),
    doRequests: metrics.counter(
      'coredns_dns_do_requests_total',
      'DNS queries with the DO bit set.',
      ZONE_LABELS,
    ),
    responses: metrics.counter(
      'coredns_dns_responses_total',
      'DNS answers, by rcode and by the plugin that wrote them.',
      [...ZONE_LABELS, 'rcode', 'plugin'],
    ),
  };
}

/** The series of one zone on one server. */
export class ZoneSeries {
  private readonly families: RequestFamilies;
  private readonly server: string;
  private readonly zone: string;
  private readonly duration: Histogram;
  private readonly doRequests: Counter;
  private readonly transports: Partial<Record<string, TransportSeries>> = {};
  /** By plugin, then by rcode. */
  private readonly responses = new Map<string, Map<number, Counter>>();
  /** Of the answer before: most are like it. */
  private last: { source: string; rcode: number; counter: Counter } = {
    source: '',
    rcode: -1,
    counter: { value: 0 },
  };

  constructor(families: RequestFamilies, server: string, zone: string) {
    this.families = families;
    this.server = server;
    this.zone = zone;
    this.duration = families.durations.with(server, zone, '');
    this.doRequests = families.doRequests.with(server, zone, '');
  }

  /**
   * Counts one query and what became of it just now.
   *
   * @param clock of `query.receivedMs`. It is looked at here, since a number with a fraction that is handed on is allocated, for each query.
   */
  record(query: Query, outcome: Outcome, clock: Clock): void {
    const transport = (this.transports[query.transport] ??= this.makeTransport(query.transport));
    const family = query.clientIsIpv6 ? 1 : 0;
    const place = query.type < TYPE_PLACES.length ? TYPE_PLACES[query.type] : 0;
    const requests = transport.requests[family];
    const counter =
      requests[place] ?? (requests[place] = this.requestCounter(query.transport, family, place));
    counter.value++;
    if (query.dnssecOk) this.doRequests.value++;
    this.duration.observe((clock.nowMs() - query.receivedMs) / 1000);
    transport.requestSize.observe(query.length);
    if (outcome.kind === DROP) return;
    transport.responseSize.observe(outcome.kind === FAILURE ? 0 : outcome.length);
    const source = outcome.kind === FAILURE ? '' : outcome.source;
    const { rcode } = outcome;
    if (this.last.source !== source || this.last.rcode !== rcode) {
      this.last = { source, rcode, counter: this.responseCounter(source, rcode) };
    }
    this.last.counter.value++;
  }

  private requestCounter(proto: string, family: number, place: number): Counter {
    const { requests } = this.families;
    return requests.with(this.server, this.zone, '', proto, String(family + 1), PLACE_LABELS[place]);
  }

  private makeTransport(proto: string): TransportSeries {
    const { families, server, zone } = this;
    return {
      requestSize: families.requestSizes.with(server, zone, '', proto),
      responseSize: families.responseSizes.with(server, zone, '', proto),
      requests: [[], []],
    };
  }

  private responseCounter(plugin: string, rcode: number): Counter {
    let byRcode = this.responses.get(plugin);
    if (byRcode === undefined) this.responses.set(plugin, (byRcode = new Map()));
    let counter = byRcode.get(rcode);
    if (counter === undefined) {
      const name = rcodeName(rcode) ?? `RCODE${rcode}`;
      counter = this.families.responses.with(this.server, this.zone, '', name, plugin);
      byRcode.set(rcode, counter);
    }
    return counter;
  }
}
