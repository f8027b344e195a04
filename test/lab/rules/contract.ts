/**
 * What every rule backend must do, as one suite. Each case judges by packets: a query is sent from a pod or from a process of the host, and
 * what counts is whether the kernel tracked it, which is where kube-proxy begins. What only one backend has (how its rules are damaged, what
 * stands beside them) comes from whoever runs the suite.
 */
import { describe, beforeAll, afterAll } from 'vitest';
import type { Namespace } from '../support/namespace.ts';
import { exemptions } from './exemptions-contract.ts';
import { interception } from './interception-contract.ts';
import { lease } from './lease-contract.ts';
import { Benches } from './rules-bench.ts';
import type { Open } from './rules-bench.ts';
import { standing } from './standing-contract.ts';

export interface Damage {
  readonly name: string;
  /** Does it; `rules` are complete, with both addresses armed. */
  readonly inflict: (node: Namespace) => void;
}

export interface ContractOptions {
  /** Everything that stands in packet filters on this host, without counters and timers: equal before and after a life of the rules. */
  readonly everything: (node: Namespace) => string;
  /** The same without what is ours: equal whatever we do. */
  readonly others: (node: Namespace) => string;
  /** Puts rules of somebody else beside which ours must work, and which they must not touch. */
  readonly addOthers: (node: Namespace) => void;
  /** What `inspect` must call damaged, and `install` must heal. */
  readonly damages: readonly Damage[];
  /** `reason` of `requireLab`, empty when the suite can run. */
  readonly skipReason: string;
}

export function describeRules(name: string, open: Open, options: ContractOptions): void {
  describe.skipIf(options.skipReason !== '')(`${name} ${options.skipReason}`, () => {
    const benches = new Benches(open);
    beforeAll(() => benches.begin());
    afterAll(() => benches.close());
    describe('interception', () => interception(benches));
    describe('the lease', () => lease(benches));
    describe('what is always exempted', () => exemptions(benches));
    describe('what stands', () => standing(benches, options));
  });
}
