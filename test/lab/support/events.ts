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
  readonly pod?: number;
  readonly host: number;
  /** Of a pod's queries that were sent when the event was over: the command ended, or the sockets closed. */
  readonly podAfter?: 0;
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

/** What a pod loses while an event happens; and of those that take their time, that nothing at all is lost from the moment that it has happened. */
export const EVENTS = {
  'serve-killed': {
    names: ['serve killed under run'],
    scenario: serveKilled,
    bound: { pod: 10, podAfter: 0, host: 100, podClusterMs: 5 },
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
    bound: { pod: 10, podAfter: 0, host: 1_200 },
  },
  'everything-killed': {
    names: ['everything killed at once'],
    scenario: everythingKilled,
    bound: { pod: 10, podAfter: 0, host: 1_200 },
  },
  'rules-flushed': {
    names: ['nft flush ruleset'],
    scenario: rulesFlushed,
    bound: { pod: 0, podAfter: 0, host: 1_500, healedMs: HEALED_MS },
  },
  'interface-deleted': {
    names: ['ip link delete'],
    scenario: interfaceDeleted,
    bound: { pod: 0, podAfter: 0, host: 1_500, healedMs: HEALED_MS },
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
    bound: { pod: 10, podAfter: 0, host: 100, rules: 'whole' },
  },
  'lock-held-at-start': {
    names: [`run started, xtables lock held for ${LOCK_AT_START_SECONDS} s`],
    scenario: startedUnderLock,
    bound: { pod: 0, host: 0, rules: 'whole or absent' },
  },
} as const satisfies Record<string, Event>;

export type EventName = keyof typeof EVENTS;
