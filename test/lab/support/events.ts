/** The events of the table by name: what happens, and what it may cost. The bounds are those that the program was made to hold. */
import { LOCK_AT_START_SECONDS, LOCK_SECONDS, lockHeld, startedUnderLock } from './lock-scenarios.ts';
import {
  clusterDnsGone,
  everythingKilled,
  guardKilledAndRestarted,
  interfaceDeleted,
  kubeProxyRewritten,
  rulesFlushed,
  runKilled,
  serveFrozen,
  serveKilled,
} from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

/** What may be lost of 1,000 queries per second; so milliseconds, too. Of an event that is measured several times, in the middle. */
export interface Bound {
  readonly pod: number;
  readonly host: number;
  /** Cluster DNS answers a pod so soon: 95 of 100 queries that reach it after the event. */
  readonly podClusterMs?: number;
  /** Interface and rules stand again so soon. */
  readonly healedMs?: number;
  /** Every answer is the cache's. */
  readonly staysLocal?: true;
  /** In table raw stand all of our rules at any moment, or, where they may be absent, all or none of a family's. */
  readonly rules?: 'whole' | 'whole or absent';
}

export interface Event {
  /** For each round where they are different, else one. */
  readonly names: readonly string[];
  readonly scenario: Scenario;
  readonly bound: Bound;
}

const HEALED_MS = 1_500;

/**
 * Wanted: 10. A killed process keeps its sockets until the kernel has freed its memory, and what arrives meanwhile is lost, whatever the rules say:
 * 5.5 ms in the middle for `serve` (28 MB anonymous, 51 MB of files) on two processors with nothing else to do, 4 to 12 from time to time;
 * where guard and cache die at once they share the processors with each other and with the load. Of 1,000 a second 6 to 10 queries are lost in
 * the middle when the cache dies, 6 to 14 when both do, so that a limit of 10 would judge the machine. This one judges the rules: without
 * their look at the socket it would be 1,000.
 */
const POD_WHEN_KILLED = 25;
/**
 * Wanted: 0. `nft flush ruleset` takes kube-proxy's rules too, one table after the other, and for some milliseconds queries that ours hold no longer
 * reach its address translation, which is gone when their answers come (deleting our table alone costs none): up to 3 queries of a pod, 12 over IPv6.
 */
const POD_WHEN_FLUSHED = 15;
/** Wanted: 0. A query that has come when its address goes cannot be answered from there any more: none or one of a family, most often of IPv6. */
const POD_WHEN_ADDRESS_GOES = 3;

export const EVENTS = {
  'serve-killed': {
    names: ['serve killed under run'],
    scenario: serveKilled,
    bound: { pod: POD_WHEN_KILLED, host: 100, podClusterMs: 5 },
  },
  'serve-frozen': { names: ['serve frozen'], scenario: serveFrozen, bound: { pod: 1_200, host: 1_200 } },
  'guard-killed': {
    names: ['guard killed, serve alive', 'guard started again'],
    scenario: guardKilledAndRestarted,
    bound: { pod: 0, host: 0, staysLocal: true },
  },
  'run-killed': {
    names: ['run killed'],
    scenario: runKilled,
    bound: { pod: POD_WHEN_KILLED, host: 1_200 },
  },
  'everything-killed': {
    names: ['everything killed at once'],
    scenario: everythingKilled,
    bound: { pod: POD_WHEN_KILLED, host: 1_200 },
  },
  'rules-flushed': {
    names: ['nft flush ruleset'],
    scenario: rulesFlushed,
    bound: { pod: POD_WHEN_FLUSHED, host: 1_500, healedMs: HEALED_MS },
  },
  'interface-deleted': {
    names: ['ip link delete'],
    scenario: interfaceDeleted,
    bound: { pod: POD_WHEN_ADDRESS_GOES, host: 1_500, healedMs: HEALED_MS },
  },
  'cluster-dns-gone': {
    names: ['cluster DNS gone and back, cached name'],
    scenario: clusterDnsGone,
    bound: { pod: 0, host: 0, staysLocal: true },
  },
  'kube-proxy-rewritten': {
    names: ['kube-proxy rewrites its tables'],
    scenario: kubeProxyRewritten,
    bound: { pod: 0, host: 0, staysLocal: true },
  },
  'lock-held': {
    names: [`serve killed, xtables lock held for ${LOCK_SECONDS} s`],
    scenario: lockHeld,
    bound: { pod: POD_WHEN_KILLED, host: 100, rules: 'whole' },
  },
  'lock-held-at-start': {
    names: [`run started, xtables lock held for ${LOCK_AT_START_SECONDS} s`],
    scenario: startedUnderLock,
    bound: { pod: 0, host: 0, rules: 'whole or absent' },
  },
} as const satisfies Record<string, Event>;

export type EventName = keyof typeof EVENTS;
