/** The guard as a process has it: host, rules and pages put together by what the flags say. Shared by `guard` and `run`. */
import { readFileSync } from 'node:fs';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import { capabilitiesIn, mayAdministerNetwork } from '../guard/child-privileges.ts';
import { Guard } from '../guard/guard.ts';
import { claimHost } from '../host/host-claim.ts';
import type { Claimed } from '../host/host-claim.ts';
import { parseLocalAddresses } from '../host/local-addresses.ts';
import { ManagedLink } from '../host/managed-link.ts';
import { PORT_FILES, probePortWeakness } from '../host/probe-port-range.ts';
import { openRules } from '../host/open-rules.ts';
import type { InterceptionPlan } from '../host/rules.ts';
import { runTool } from '../host/run-tool.ts';
import type { GuardFlags } from './guard-flags.ts';
import type { Voice } from './serve-flags.ts';

/**
 * From now on nobody else changes rules and interface of this host, as long as this process lives.
 *
 * @throws HostError when another process does, Error where this process may not
 */
export async function takeHost({ rules, setupInterface, interfaceName }: GuardFlags): Promise<void> {
  const parts: Claimed[] = [
    ...(rules === 'none' ? [] : (['rules'] as const)),
    ...(setupInterface ? ([`interface ${interfaceName}`] as const) : []),
  ];
  if (parts.length === 0) return;
  requireNetAdmin();
  await claimHost(parts);
}

/**
 * After `takeHost`.
 *
 * @param addresses as `localAddresses` gives them
 * @param instance the name of the child that is to be proved; undefined for any server of ours
 * @throws HostError where this host cannot do it
 */
export async function openGuard(
  flags: GuardFlags,
  addresses: readonly string[],
  voice: Voice,
  instance: string | undefined,
): Promise<Guard> {
  const { dnsPort, healthPort, leaseMs, interfaceName, interfaceType, probeIntervalMs, syncIntervalMs } =
    flags;
  const plan: InterceptionPlan = { addresses, dnsPort, healthPort, leaseMs };
  const rules = await openRules(flags.rules, plan, runTool);
  const weakness = rules.backend === 'none' ? undefined : probePortWeakness(PORT_FILES);
  if (weakness !== undefined) voice.log.child('guard').warn(weakness);
  const link = { name: interfaceName, type: interfaceType, addresses };
  return new Guard({
    plan,
    link: flags.setupInterface ? new ManagedLink(link, runTool) : undefined,
    rules,
    instance,
    probeIntervalMs,
    syncIntervalMs,
    clock: SYSTEM_CLOCK,
    log: voice.log.child('guard'),
    metrics: voice.metrics,
  });
}

/** @throws Error with node-cache's words where there are none, RangeError for one that is malformed */
export function localAddresses(text: string | undefined): string[] {
  if (text === undefined || text === '') {
    throw new Error(
      'invalid localip specified - "": give the addresses to intercept, such as -localip 169.254.20.10,10.96.0.10',
    );
  }
  return parseLocalAddresses(text);
}

/** Said once and first; what single tools say of it is less clear. */
function requireNetAdmin(): void {
  if (mayAdministerNetwork(capabilitiesIn(readFileSync('/proc/self/status', 'latin1')))) return;
  throw new Error(
    'the capability NET_ADMIN is missing, and interface and rules need it: ' +
      'add it to the container or unit, or give -setupinterface=false -setupiptables=false',
  );
}
