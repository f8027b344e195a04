/**
 * What a rule backend is: the rules that bring packets for the cluster DNS address to the cache, as long as the cache proves that it answers,
 * and no longer. `nft/` and `iptables/` are the two ways; both pass one suite of tests. The rules never say "intercept": an address is
 * intercepted while it stands in two places, `armed` (put and taken by the guard) and `live` (renewed by the kernel itself with every
 * positive reply that leaves our listener, and gone `leaseMs` after the last).
 */

/** What is intercepted. */
export interface InterceptionPlan {
  /** IPv4 and IPv6 addresses in canonical text form, at least one, none twice. */
  readonly addresses: readonly string[];
  /** Port of the listeners, UDP and TCP: 1 … 65535. */
  readonly dnsPort: number;
  /** TCP port whose packets to and from the addresses bypass connection tracking for the liveness probe; undefined for none. */
  readonly healthPort: number | undefined;
  /** How long an address is live after a reply: 500 … 10,000 ms. Forms that know whole seconds only round up. */
  readonly leaseMs: number;
}

/** What stands on the host now. */
export interface RulesState {
  /** `damaged`: something of ours stands and is not, or not all of, what `install` puts. */
  readonly standing: 'absent' | 'complete' | 'damaged';
  /** Addresses of the plan; of a damaged set, those that could be read. */
  readonly armed: readonly string[];
  readonly live: readonly string[];
}

/**
 * The rules of one plan on this host. Calls are made one at a time. Each changes all that it is about or nothing, and rejects with a
 * `HostError` where it cannot.
 */
export interface Rules {
  readonly backend: 'nft' | 'iptables' | 'none';
  /** What this host cannot do, and so works in a weaker form here: a sentence each, for the log. Known after `open…`. */
  readonly weaknesses: readonly string[];
  inspect(): Promise<RulesState>;
  /** Puts all rules in place of whatever of ours, or of node-cache, stands, with these addresses armed and live, and no others. */
  install(armed: readonly string[]): Promise<void>;
  /** Armed, and live for one lease from now: the next reply renews it. */
  arm(addresses: readonly string[]): Promise<void>;
  /** Neither armed nor live: their next packet is kube-proxy's. */
  disarm(addresses: readonly string[]): Promise<void>;
  /** Takes away everything of ours. Nothing to take away is no error. */
  remove(): Promise<void>;
}

/**
 * Source ports of the guard's probes, UDP and TCP: exempted from connection tracking at all times, so that a probe reaches our listener also
 * while its address is not intercepted. Below the ports that Linux gives out by itself (net.ipv4.ip_local_port_range begins at 32768), and many,
 * so that of several processes on one port each is probed.
 */
export const FIRST_PROBE_PORT = 32_704;
export const PROBE_PORTS = 64;

/**
 * The canary: a datagram from this host to this address and port cannot be sent (EPERM) while the rules stand, and can be when somebody has
 * flushed them. Costs a system call to look at, where listing the rules costs a process.
 */
export const CANARY_PORT = 32_703;
export const CANARY_ADDRESSES = { 4: '127.83.53.1', 6: '::1' } as const;
