/**
 * What of the kernel and of nft the rules would like to have, and do without where it is missing: one row each, with a rule that shows whether
 * it is there and a sentence about what is weaker without. What has no row is a must: sets with timeouts, renewed by a rule, and `notrack`;
 * rules without a lease would not fail open, so there is no such form.
 */

export const FEATURE_NAMES = ['socket', 'socketWildcard', 'socketOfReply', 'fib'] as const;
export type FeatureName = (typeof FEATURE_NAMES)[number];

/** Which features the rules of this host use. */
export type NftForm = Readonly<Record<FeatureName, boolean>>;

export interface Feature {
  readonly hook: 'prerouting' | 'output';
  /** A rule that can be added where the feature is there. */
  readonly rule: string;
  readonly weakness: string;
}

export const FULL_FORM: NftForm = { socket: true, socketWildcard: true, socketOfReply: true, fib: true };

export const FEATURES: Readonly<Record<FeatureName, Feature>> = {
  socket: {
    hook: 'prerouting',
    rule: 'tcp dport 53 socket transparent 0 notrack',
    weakness:
      "the kernel or nft has no 'socket' match: when the cache dies, pods' queries are lost until the lease ends, instead of until the next packet",
  },
  // Linux 5.11, nft 0.9.9.
  socketWildcard: {
    hook: 'prerouting',
    rule: 'udp dport 53 socket wildcard 0 notrack',
    weakness:
      "the kernel or nft has no 'socket wildcard' match: when the cache dies and another process listens on the same port of all addresses, that one gets pods' queries until the lease ends",
  },
  socketOfReply: {
    hook: 'output',
    rule: 'udp sport 53 socket wildcard 0',
    weakness:
      "the kernel or nft has no 'socket wildcard' match for outgoing packets: answers of another process that listens on the same port of all addresses keep the lease as ours do",
  },
  fib: {
    hook: 'prerouting',
    rule: 'udp dport 53 fib daddr type local notrack',
    weakness:
      "the kernel or nft has no 'fib' expression: when somebody deletes the interface, queries are lost until the lease ends, instead of until the next packet",
  },
};
