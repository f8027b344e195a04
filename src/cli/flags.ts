/**
 * Every flag of every subcommand: one table. Names, defaults and forms are those of node-cache and CoreDNS where they have the flag; of a
 * repeated flag the last counts; a flag that is not given may come from the environment as `NODELOCALDNS_<NAME>`. What values mean, and
 * which make no sense, is for the subcommands to say.
 */
import type { Options } from 'yargs';
import { FlagError } from './flag-error.ts';
import { parseGoBoolean } from './go-boolean.ts';
import { messageOf } from '../base/error-message.ts';

export type Subcommand = 'run' | 'guard' | 'serve' | 'check';

interface Flag {
  readonly name: string;
  readonly alias?: string;
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  readonly of: readonly Subcommand[];
}

const GUARD = ['guard', 'run'] as const;
const SERVE = ['serve', 'run'] as const;
const DAEMONS = ['serve', 'guard', 'run'] as const;

export const FLAGS: readonly Flag[] = [
  {
    name: 'conf',
    type: 'string',
    describe:
      'Corefile to serve, or with a template the file to write it to; "stdin" reads standard input (serve only); without it serve takes the example that comes with the package',
    of: SERVE,
  },
  {
    name: 'corefile',
    type: 'string',
    describe: 'the same as -conf, where that is not given',
    of: SERVE,
  },
  {
    name: 'basecorefile',
    type: 'string',
    describe:
      'template of the Corefile, whose __PILLAR__ variables are filled in; run takes /etc/coredns/Corefile.base when it is there',
    of: SERVE,
  },
  {
    name: 'kubednscm',
    type: 'string',
    describe:
      'directory of the kube-dns ConfigMap, for the template: stubDomains and upstreamNameservers; by default /etc/kube-dns when it is there',
    of: ['serve', 'run', 'check'],
  },
  {
    name: 'upstreamsvc',
    type: 'string',
    describe:
      'Service whose address, from its variable <NAME>_SERVICE_HOST, is __PILLAR__CLUSTER__DNS__ of the template; by default kube-dns',
    of: ['serve', 'run', 'check'],
  },
  {
    name: 'cluster-domain',
    type: 'string',
    describe: '__PILLAR__DNS__DOMAIN__ of the template, such as cluster.local',
    of: ['serve', 'run', 'check'],
  },
  {
    name: 'prometheus-listen-address',
    type: 'string',
    describe: '__PROMETHEUS__ENDPOINT__ of the template; by default :9253',
    of: ['serve', 'run', 'check'],
  },
  {
    name: 'reloadwithsignal',
    type: 'boolean',
    default: false,
    describe: 'no effect of its own: what has changed in a template is always taken over at once',
    of: SERVE,
  },
  {
    name: 'localip',
    type: 'string',
    describe:
      'addresses to intercept, IPv4 and IPv6, separated by commas; server blocks without bind listen on them, and serve waits until they are there',
    of: ['serve', 'guard', 'run', 'check'],
  },
  {
    name: 'dns.port',
    alias: 'p',
    type: 'string',
    default: '53',
    describe: 'port of server blocks that name none, and of the queries that are intercepted',
    of: ['serve', 'check', 'guard', 'run'],
  },
  {
    name: 'setupinterface',
    type: 'boolean',
    default: true,
    describe: 'make the interface that carries the addresses, and keep it whole',
    of: GUARD,
  },
  {
    name: 'interfacename',
    type: 'string',
    default: 'nodelocaldns',
    describe: 'name of that interface',
    of: GUARD,
  },
  {
    name: 'interface-type',
    type: 'string',
    default: 'dummy',
    choices: ['dummy', 'bridge'],
    describe: 'its type: bridge is for kernels without the dummy module',
    of: GUARD,
  },
  {
    name: 'setupiptables',
    type: 'boolean',
    default: true,
    describe: 'intercept queries by rules; false is the same as --rules none',
    of: GUARD,
  },
  {
    name: 'rules',
    type: 'string',
    default: 'auto',
    choices: ['auto', 'nft', 'iptables', 'none'],
    describe: 'what the rules are made with',
    of: GUARD,
  },
  {
    name: 'lease',
    type: 'string',
    default: '1s',
    describe: 'how long queries are intercepted after an answer of the cache, from 500ms to 10s',
    of: GUARD,
  },
  {
    name: 'probe-interval',
    type: 'string',
    describe:
      'how often the cache is asked for a sign of life, from 50ms to 2s and at most a quarter of the lease; by default 250ms, or that quarter where it is less',
    of: GUARD,
  },
  {
    name: 'syncinterval',
    type: 'string',
    default: '60s',
    describe:
      'how often interface and rules are looked at in full, from 1s to 10m; a number without unit is seconds, and so is one with ns, as node-cache has it',
    of: GUARD,
  },
  {
    name: 'health-port',
    type: 'string',
    default: '8080',
    describe: 'TCP port of the liveness probe, which bypasses connection tracking; 0 for none',
    of: GUARD,
  },
  {
    name: 'metrics-listen-address',
    type: 'string',
    default: '0.0.0.0:9353',
    describe: 'where guard shows /metrics (with those of serve under run), /health and /ready',
    of: GUARD,
  },
  {
    name: 'skipteardown',
    type: 'boolean',
    default: false,
    describe: 'leave interface and rules behind at the end; the rules no longer intercept',
    of: GUARD,
  },
  {
    name: 'once-clean',
    type: 'boolean',
    default: false,
    describe: 'remove from this host whatever is ours or node-cache’s, and end',
    of: ['guard'],
  },
  {
    name: 'user',
    type: 'string',
    default: '65532',
    describe: 'user id that serve runs as; 0 or root keeps root',
    of: ['run'],
  },
  {
    name: 'frozen-after',
    type: 'string',
    default: '3s',
    describe: 'how long serve may give no sign of life before it is killed and started anew, from 1s to 1m',
    of: ['run'],
  },
  {
    name: 'log-format',
    type: 'string',
    default: 'text',
    choices: ['text', 'json'],
    describe: 'form of log lines: as CoreDNS writes them, or one JSON object each',
    of: DAEMONS,
  },
  {
    name: 'udp',
    type: 'string',
    default: 'auto',
    choices: ['auto', 'ring', 'batch', 'dgram'],
    describe:
      'how datagrams are read and sent: many with one system call, where `ring` waits with an io_uring, or one at a time',
    of: SERVE,
  },
  {
    name: 'cache-memory',
    type: 'string',
    describe:
      'most memory that all caches together may take, such as 32Mi; without it a quarter of what the control group allows, from 8Mi to 64Mi',
    of: SERVE,
  },
  { name: 'debug', type: 'boolean', default: false, describe: 'write debug lines to the log', of: DAEMONS },
  {
    name: 'quiet',
    type: 'boolean',
    default: false,
    describe: 'do not say at start what listens where',
    of: DAEMONS,
  },
  { name: 'pidfile', type: 'string', describe: 'file to write the process id to', of: DAEMONS },
  {
    name: 'grace',
    type: 'string',
    default: '5s',
    describe: 'how long answers that are due may take after the lameduck time is over',
    of: SERVE,
  },
  {
    name: 'plugins',
    type: 'boolean',
    default: false,
    describe: 'list the plugins that there are, and end',
    of: ['run'],
  },
  {
    name: 'json',
    type: 'boolean',
    default: false,
    describe:
      'one line of JSON for each file: {"file","ok","error","warnings"}, with --explain also "explanation"',
    of: ['check'],
  },
  {
    name: 'explain',
    type: 'boolean',
    default: false,
    describe:
      'say what each server block serves, where, from which upstreams, and what its cache keeps for how long',
    of: ['check'],
  },
];

/** The flags of one subcommand in yargs's form, with what the environment says of them as their default. @throws FlagError */
export function optionsOf(subcommand: Subcommand, environment: NodeJS.ProcessEnv): Record<string, Options> {
  const rows = FLAGS.filter(({ of }) => of.includes(subcommand));
  return Object.fromEntries(rows.map((row) => [row.name, toYargs(row, environment)]));
}

function toYargs(flag: Flag, environment: NodeJS.ProcessEnv): Options {
  const { alias, type, describe, choices } = flag;
  const value = fromEnvironment(flag, environment) ?? flag.default;
  return { alias, type, describe, default: value, choices, requiresArg: type === 'string' };
}

export const variableOf = (flagName: string): string =>
  `NODELOCALDNS_${flagName.toUpperCase().replaceAll(/[.-]/g, '_')}`;

/**
 * Only the names of the table are looked at: in a pod that stands beside a Service called `nodelocaldns`, Kubernetes sets variables with
 * our prefix that have nothing to do with us.
 */
function fromEnvironment({ name, type }: Flag, environment: NodeJS.ProcessEnv): string | boolean | undefined {
  const variable = variableOf(name);
  const text = environment[variable];
  if (type === 'string' || text === undefined) return text;
  // As Kubernetes and shells write "not set".
  if (text === '') return undefined;
  try {
    return parseGoBoolean(text);
  } catch (error) {
    throw new FlagError(`${variable}: ${messageOf(error)}`, { cause: error });
  }
}
