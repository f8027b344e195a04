/** The interface that carries the intercepted addresses: what it is asked to be. `managed-link.ts` makes it so. */

export interface LinkPlan {
  /** At most 15 octets, as the kernel has it. */
  readonly name: string;
  readonly type: 'dummy' | 'bridge';
  /** As in `InterceptionPlan`. */
  readonly addresses: readonly string[];
}

/** Calls are made one at a time; each rejects with a `HostError` where it cannot do what it says. */
export interface Link {
  /** Makes the interface, its addresses and their routes what they should be. @returns what had to be done, in words; empty when nothing */
  ensure(): Promise<string[]>;
  /** A cheap look (no process) whether the interface that `ensure` left is still there. */
  seemsWhole(): boolean;
  /** Takes the interface away, if it is ours. Nothing to take away is no error. */
  remove(): Promise<void>;
}
