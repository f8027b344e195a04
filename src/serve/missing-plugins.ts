/**
 * Directives that CoreDNS knows and this program does not: what is said of one, and what to do instead. The first half is CoreDNS's wording,
 * which people and their alerts know.
 */

const ZONES_ELSEWHERE =
  'this is a cache and holds no zones: forward the zone to the server that holds it, or write single names with hosts or template';
const PLAIN_DNS_ONLY = 'clients are served over plain UDP and TCP only: take the line away';
const NO_SIGNING = 'answers are passed on as the upstream signed them: take the line away';
const NO_VIEWS =
  'every client gets the same answers here: take the line away, or tell clients apart with acl';
const NEEDLESS = 'this program does it without being told: take the line away';

const INSTEAD: Readonly<Record<string, string>> = {
  any: 'queries for ANY are asked of the upstream: take the line away, or refuse them with "acl { block type ANY }"',
  auto: ZONES_ELSEWHERE,
  azure: ZONES_ELSEWHERE,
  cancel: 'how long a query may take is set with read_timeout of forward: take the line away',
  chaos: 'nothing is told of version and host name: take the line away',
  clouddns: ZONES_ELSEWHERE,
  dnssec: NO_SIGNING,
  erratic: 'it is for tests: take the line away',
  etcd: ZONES_ELSEWHERE,
  file: ZONES_ELSEWHERE,
  geoip: NO_VIEWS,
  grpc: 'upstreams are asked over UDP, TCP or TLS: name them with forward, as tls://ADDRESS for TLS',
  grpc_server: PLAIN_DNS_ONLY,
  header: 'flags of answers are passed on as they are: take the line away',
  https: PLAIN_DNS_ONLY,
  https3: PLAIN_DNS_ONLY,
  k8s_external: ZONES_ELSEWHERE,
  kubernetes: 'forward the zone of the cluster to the cluster DNS, which knows its Services',
  nomad: ZONES_ELSEWHERE,
  nsid: 'nothing is told of this server in answers: take the line away',
  on: 'no programs are started at events: take the line away',
  pprof: 'Go has these profiles: take the line away; time and memory are among the metrics of prometheus',
  proxyproto: PLAIN_DNS_ONLY,
  quic: PLAIN_DNS_ONLY,
  root: 'write the whole paths of files where they are named, and take the line away',
  route53: ZONES_ELSEWHERE,
  secondary: ZONES_ELSEWHERE,
  shed: NEEDLESS,
  sign: NO_SIGNING,
  tls: PLAIN_DNS_ONLY,
  trace: 'take the line away, and look at queries with log',
  transfer: 'zones are not handed out by a cache: take the line away',
  tsig: 'messages are neither signed nor checked here: take the line away',
  view: NO_VIEWS,
};

/** What is said of a directive that is missing; without place. */
export function missingPlugin(directive: string): string {
  const known = `no action found for directive '${directive}' with server type 'dns' (missing a plugin?)`;
  return `${known}: ${INSTEAD[directive] ?? 'take the line away'}`;
}
