/**
 * The metrics of CoreDNS and node-cache that dashboards and alerts are made of, as data: what a Corefile of node-cache can bring forth, with
 * types, labels in CoreDNS's order and buckets, and by which plugin; and what is left out on purpose, each with its reason.
 */

export interface FamilyRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** Upper bounds as they stand in `le`; of histograms alone. */
  readonly buckets?: readonly string[];
  /** The directive that brings it; `always` for what is there without any. */
  readonly plugin: string;
  /** What has to happen, or to be configured, before it has series; nothing unless said. */
  readonly when?: string;
  /** Of plugins that node-cache does not have. */
  readonly beyondNodeCache?: true;
}

const bounds = (text: string): string[] => `${text} +Inf`.split(' ');

const TIME = bounds(
  '0.00025 0.0005 0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192',
);
const SLIM_TIME = bounds('0.00025 0.0025 0.025 0.25 2.5');
const SIZE = bounds('0 100 200 300 400 511 1023 2047 4095 8291 16000 32000 48000 64000');

const ZONE = ['server', 'zone', 'view'];
const CACHE = ['server', 'zones', 'view'];
const TYPED_CACHE = ['server', 'type', 'zones', 'view'];
const PROXY = ['proxy_name', 'to'];
const TEMPLATE = [...ZONE, 'class', 'type'];
const TEMPLATE_FAILURE = [...TEMPLATE, 'section', 'template'];

type Numbers = 'counter' | 'gauge';
const family = (
  plugin: string,
  type: Numbers,
  name: string,
  labels: readonly string[],
  when?: string,
): FamilyRow => ({ name: `coredns_${name}`, type, labels, plugin, ...(when !== undefined && { when }) });

const histogram = (
  plugin: string,
  name: string,
  labels: readonly string[],
  buckets: readonly string[],
): FamilyRow => ({ name: `coredns_${name}`, type: 'histogram', labels, buckets, plugin });

const beyond = (plugin: string, name: string, labels: readonly string[]): FamilyRow => ({
  ...family(plugin, 'counter', name, labels, 'a query'),
  beyondNodeCache: true,
});

export const RELOAD = 'a reload';
export const TEMPLATED = 'a template, or run';

export const FAMILIES: readonly FamilyRow[] = [
  family('always', 'gauge', 'build_info', ['version', 'revision', 'goversion']),
  family('always', 'counter', 'panics_total', []),
  family('always', 'gauge', 'plugin_enabled', [...ZONE, 'name']),
  family('always', 'counter', 'reload_failed_total', []),
  family('always', 'gauge', 'reload_version_info', ['hash', 'value'], RELOAD),
  family('always', 'counter', 'nodecache_setup_errors_total', ['errortype'], TEMPLATED),
  family('prometheus', 'counter', 'dns_requests_total', [...ZONE, 'proto', 'family', 'type']),
  histogram('prometheus', 'dns_request_duration_seconds', ZONE, TIME),
  histogram('prometheus', 'dns_request_size_bytes', [...ZONE, 'proto'], SIZE),
  family('prometheus', 'counter', 'dns_do_requests_total', ZONE),
  histogram('prometheus', 'dns_response_size_bytes', [...ZONE, 'proto'], SIZE),
  family('prometheus', 'counter', 'dns_responses_total', [...ZONE, 'rcode', 'plugin']),
  family('cache', 'gauge', 'cache_entries', TYPED_CACHE),
  family('cache', 'counter', 'cache_requests_total', CACHE),
  family('cache', 'counter', 'cache_hits_total', TYPED_CACHE),
  family('cache', 'counter', 'cache_misses_total', CACHE),
  family('cache', 'counter', 'cache_prefetch_total', CACHE, 'prefetch or serve_stale'),
  family('cache', 'counter', 'cache_drops_total', CACHE),
  family('cache', 'counter', 'cache_served_stale_total', CACHE, 'serve_stale'),
  family('cache', 'counter', 'cache_evictions_total', TYPED_CACHE),
  family('forward', 'counter', 'forward_healthcheck_broken_total', []),
  family('forward', 'counter', 'forward_max_concurrent_rejects_total', []),
  histogram('forward', 'proxy_request_duration_seconds', [...PROXY, 'rcode'], TIME),
  family('forward', 'counter', 'proxy_healthcheck_failures_total', PROXY),
  family('forward', 'counter', 'proxy_conn_cache_hits_total', [...PROXY, 'proto']),
  family('forward', 'counter', 'proxy_conn_cache_misses_total', [...PROXY, 'proto']),
  histogram('health', 'health_request_duration_seconds', [], SLIM_TIME),
  family('health', 'counter', 'health_request_failures_total', []),
  family('hosts', 'gauge', 'hosts_entries', ['hostsfile']),
  family('hosts', 'gauge', 'hosts_reload_timestamp_seconds', []),
  family('template', 'counter', 'template_matches_total', TEMPLATE),
  family('template', 'counter', 'template_template_failures_total', TEMPLATE_FAILURE, 'a failure'),
  family('template', 'counter', 'template_rr_failures_total', TEMPLATE_FAILURE, 'a failure'),
  family('dns64', 'counter', 'dns64_requests_translated_total', ['server']),
  beyond('local', 'local_localhost_requests_total', []),
  beyond('acl', 'acl_blocked_requests_total', ZONE),
  beyond('acl', 'acl_filtered_requests_total', ZONE),
  beyond('acl', 'acl_dropped_requests_total', ZONE),
  beyond('acl', 'acl_allowed_requests_total', ['server', 'view']),
  beyond('autopath', 'autopath_success_total', ['server']),
];

/** Labels that are empty here, and that Prometheus so leaves out: there is no plugin `view`, and a checkout knows no revision. */
export const EMPTY_LABELS: ReadonlySet<string> = new Set(['view', 'revision']);

/** Of a Go program's process, which dashboards show too. */
export const PROCESS_FAMILIES: readonly string[] = [
  'process_cpu_seconds_total',
  'process_max_fds',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'process_virtual_memory_bytes',
  'process_virtual_memory_max_bytes',
];

export interface Difference {
  readonly name: string;
  readonly how: string;
  /** Of a series as `label=value` pairs: there is one that looks so. */
  readonly shows?: RegExp;
  /** There is none that looks so. */
  readonly lacks?: RegExp;
}

/** Same names, types, labels and buckets, but other values, on purpose. */
export const OTHER_VALUES: readonly Difference[] = [
  {
    name: 'coredns_build_info',
    how: 'version is ours, and goversion that of Node',
    shows: / goversion=node\d+\./,
  },
  {
    name: 'coredns_plugin_enabled',
    how: 'without metadata, which is accepted and has no handler, since no plugin publishes any',
    lacks: / name=metadata$/,
  },
  {
    name: 'coredns_dns_responses_total',
    how: 'plugin is who wrote the answer; CoreDNS shows whoever stands behind prometheus, or cache for all',
    shows: / plugin=hosts$/,
    lacks: / plugin=errors$/,
  },
  {
    name: 'coredns_dns_response_size_bytes',
    how: 'octets of the answer as it is; CoreDNS counts it uncompressed',
  },
  { name: 'coredns_cache_entries', how: 'failures that are kept for some seconds count as denials' },
];

export interface LeftOut {
  readonly names: RegExp;
  readonly because: string;
}

/** What CoreDNS or node-cache shows and we do not. No name on our pages matches. */
export const LEFT_OUT: readonly LeftOut[] = [
  { names: /^go_/, because: 'tell of the Go runtime, and there is none' },
  { names: /^promhttp_/, because: 'tell of the Go library that makes the page' },
  {
    names: /^process_network_/,
    because: 'count the octets of the whole network namespace, which is the node’s, whatever their name says',
  },
  {
    names: /^coredns_dns_(?:https3?|quic)_/,
    because: 'no Corefile of node-cache can listen on these transports',
  },
  { names: /^coredns_shed_/, because: 'newer than node-cache: its overload has an order of its own here' },
  {
    names: /^coredns_(?:kubernetes|grpc|dnssec|etcd)_/,
    because: 'node-cache does not have these plugins, and neither has this program',
  },
];
