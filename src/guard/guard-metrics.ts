/** What the guard counts. The names of node-cache's errors are kept, since alerts are made of them. */
import type { HostError } from '../host/host-error.ts';
import type { Counter, Family, Metrics } from '../observe/metric-types.ts';
import { LEASE_STATES } from './lease.ts';
import type { Lease, Proto } from './lease.ts';
import type { Operation } from './upkeep.ts';

const PROTOS: readonly Proto[] = ['udp', 'tcp'];

/** Seconds: a process and a transaction take some milliseconds, waiting for the xtables lock seconds. */
const RULE_BUCKETS: readonly number[] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const TIMED: ReadonlySet<Operation> = new Set<Operation>(['arm', 'disarm', 'install']);

/** As node-cache has them; `configmap` is serve's, and stays 0 here. */
const SETUP_ERRORS = ['iptables', 'iptables_lock', 'interface_add', 'interface_check', 'configmap'] as const;
type SetupError = (typeof SETUP_ERRORS)[number];

export const REPAIRS = ['rules', 'interface', 'lease'] as const;
export type Repair = (typeof REPAIRS)[number];

export interface GuardMetrics {
  readonly transitions: Family<Counter>;
  probeFailed(address: string, proto: Proto): void;
  repaired(what: Repair): void;
  took(operation: Operation, ms: number): void;
  /** @param isFirst the interface was to be made, and not only looked after */
  setupFailed(error: HostError, isFirst: boolean): void;
}

export interface GuardMetricsSource {
  readonly metrics: Metrics;
  readonly backend: string;
  readonly leases: readonly Lease[];
  /** Milliseconds since the last good answer, or since the start. */
  readonly ageMs: (lease: Lease, proto: Proto) => number;
}

export function guardMetrics({ metrics, backend, leases, ageMs }: GuardMetricsSource): GuardMetrics {
  const info = metrics.gauge(`${P}rule_backend_info`, 'What the rules are made with; always 1.', ['backend']);
  info.with(backend).value = 1;
  const failures = metrics.counter(`${P}probe_failures_total`, 'Probes without a good answer.', [
    'address',
    'proto',
  ]);
  for (const { address } of leases) for (const proto of PROTOS) failures.with(address, proto);
  const repairs = metrics.counter(`${P}repairs_total`, 'What somebody else had changed, and was put right.', [
    'what',
  ]);
  for (const what of REPAIRS) repairs.with(what);
  const errors = metrics.counter('coredns_nodecache_setup_errors_total', SETUP_HELP, ['errortype']);
  for (const type of SETUP_ERRORS) errors.with(type);
  const took = metrics.histogram(
    `${P}rule_seconds`,
    'How long changes of the rules took.',
    ['operation'],
    RULE_BUCKETS,
  );
  for (const operation of TIMED) took.with(operation);
  describeLeases(metrics, leases, ageMs);
  return {
    transitions: metrics.counter(`${P}transitions_total`, TRANSITIONS_HELP, ['address', 'to', 'reason']),
    probeFailed: (address, proto) => void failures.with(address, proto).value++,
    repaired: (what) => void repairs.with(what).value++,
    took: (operation, ms) => {
      if (TIMED.has(operation)) took.with(operation).observe(ms / 1000);
    },
    setupFailed: (error, isFirst) => void errors.with(setupError(error, isFirst)).value++,
  };
}

const P = 'nodelocaldns_guard_';
const SETUP_HELP = 'The number of errors during periodic network setup for node-cache';
const TRANSITIONS_HELP = 'Changes of state of an address, by new state and reason.';

function describeLeases(
  metrics: Metrics,
  leases: readonly Lease[],
  ageMs: GuardMetricsSource['ageMs'],
): void {
  const states = metrics.gauge(`${P}state`, 'Whether the address is in this state.', ['address', 'state']);
  const ages = metrics.gauge(
    `${P}last_probe_age_seconds`,
    'Time since the last good answer to a probe, or since the start where there was none.',
    ['address', 'proto'],
  );
  metrics.beforeScrape(() => {
    for (const lease of leases) {
      for (const state of LEASE_STATES) {
        states.with(lease.address, state).value = lease.state === state ? 1 : 0;
      }
      for (const proto of PROTOS) ages.with(lease.address, proto).value = ageMs(lease, proto) / 1000;
    }
  });
}

function setupError({ about, code }: HostError, isFirst: boolean): SetupError {
  if (about === 'interface') return isFirst ? 'interface_add' : 'interface_check';
  return code === 'lock' ? 'iptables_lock' : 'iptables';
}
