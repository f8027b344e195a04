/** Directives that CoreDNS knows and this program does not: the known error, and what to do instead (`serve/missing-plugins.ts`). */
import type { Row } from './row.ts';

const ZONES =
  'this is a cache and holds no zones: forward the zone to the server that holds it, or write single names with hosts or template';
const PLAIN = 'clients are served over plain UDP and TCP only: take the line away';
const SIGNED = 'answers are passed on as the upstream signed them: take the line away';
const VIEWS = 'every client gets the same answers here: take the line away, or tell clients apart with acl';

const MISSING: readonly (readonly [directive: string, instead: string])[] = [
  [
    'any',
    'queries for ANY are asked of the upstream: take the line away, or refuse them with "acl { block type ANY }"',
  ],
  ['auto', ZONES],
  ['azure', ZONES],
  ['cancel', 'how long a query may take is set with read_timeout of forward: take the line away'],
  ['chaos', 'nothing is told of version and host name: take the line away'],
  ['clouddns', ZONES],
  ['dnssec', SIGNED],
  ['erratic', 'it is for tests: take the line away'],
  ['etcd', ZONES],
  ['file', ZONES],
  ['geoip', VIEWS],
  ['grpc', 'upstreams are asked over UDP, TCP or TLS: name them with forward, as tls://ADDRESS for TLS'],
  ['grpc_server', PLAIN],
  ['header', 'flags of answers are passed on as they are: take the line away'],
  ['https', PLAIN],
  ['https3', PLAIN],
  ['k8s_external', ZONES],
  ['kubernetes', 'forward the zone of the cluster to the cluster DNS, which knows its Services'],
  ['nomad', ZONES],
  ['nsid', 'nothing is told of this server in answers: take the line away'],
  ['on', 'no programs are started at events: take the line away'],
  ['pprof', 'Go has these profiles: take the line away; time and memory are among the metrics of prometheus'],
  ['proxyproto', PLAIN],
  ['quic', PLAIN],
  ['root', 'write the whole paths of files where they are named, and take the line away'],
  ['route53', ZONES],
  ['secondary', ZONES],
  ['shed', 'this program does it without being told: take the line away'],
  ['sign', SIGNED],
  ['tls', PLAIN],
  ['trace', 'take the line away, and look at queries with log'],
  ['transfer', 'zones are not handed out by a cache: take the line away'],
  ['tsig', 'messages are neither signed nor checked here: take the line away'],
  ['view', VIEWS],
];

export const MISSING_DIRECTIVES: readonly Row[] = MISSING.map(([directive, instead]) => ({
  rule: directive,
  text: `. {\nwhoami\n${directive} x\n}\n`,
  says: `Corefile:3 - no action found for directive '${directive}' with server type 'dns' (missing a plugin?): ${instead}`,
}));
