/** An upstream of a `forward` line as its options want it. Making one opens nothing, so it is part of a check too. */
import type { SetupContext } from '../../chain/plugin.ts';
import { QueryQuota } from '../../upstream/query-quota.ts';
import { hostPort } from '../../upstream/settings.ts';
import type { UpstreamSettings } from '../../upstream/settings.ts';
import { upstreamMetrics } from '../../upstream/upstream-metrics.ts';
import { Upstream } from '../../upstream/upstream.ts';
import type { UpstreamAddress } from '../../upstream/upstream.ts';
import type { ForwardOptions } from './options.ts';
import { sourceFor } from './source-address.ts';
import type { Target } from './tries.ts';

/** How long it is tried to connect again to a lone upstream that was there a moment ago: the rollout of a cluster DNS is such a moment. */
const REDIAL_MS = 500;

/**
 * @param failed is told of each exchange that fails
 * @throws Error of node:tls for a certificate, key or authority that cannot be read
 */
export function makeTarget(
  address: UpstreamAddress,
  options: ForwardOptions,
  context: SetupContext,
  failed?: () => void,
): Target {
  const { clock, channels } = context;
  const metrics = upstreamMetrics(context.metrics);
  const upstream = new Upstream(address, settingsFor(address, options, context), {
    clock,
    channels,
    metrics,
    failed,
  });
  return { quarantined: false, upstream };
}

export function settingsFor(
  { host, port }: UpstreamAddress,
  options: ForwardOptions,
  context: SetupContext,
): UpstreamSettings {
  const sourceAddress = sourceFor(host, options.sourceAddresses);
  return {
    quota: quotaOf(options, hostPort(host, port), context),
    expireMs: options.expireMs,
    maxAgeMs: options.maxAgeMs,
    maxIdleConnections: options.maxIdleConnections,
    readTimeoutMs: options.readTimeoutMs,
    maxFails: options.maxFails,
    healthCheckIntervalMs: options.healthCheckIntervalMs,
    healthCheckDomain: options.healthCheckDomain,
    healthCheckRecursion: options.healthCheckRecursion,
    redialMs: options.upstreams.length === 1 ? REDIAL_MS : 0,
    healthCheckTransport: options.forceTcp ? 'tcp' : 'udp',
    ...(options.tls !== undefined && { tls: options.tls }),
    ...(sourceAddress !== undefined && { sourceAddress }),
  };
}

/** One for an upstream, however many lines name it: it is the upstream, or the interface to it, that has a limit. */
function quotaOf({ maxQps }: ForwardOptions, label: string, context: SetupContext): QueryQuota | undefined {
  if (maxQps === 0) return undefined;
  return context.processWide(`max_qps ${maxQps} ${label}`, () => new QueryQuota(maxQps));
}
