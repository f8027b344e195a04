/** `forward`: one handler for each line, in the order of the lines. */
import type { Handler } from '../../chain/handler.ts';
import { exchangeGate } from '../../chain/exchange-gate.ts';
import type { MakeHandler, OfferedUpstream, Plugin, SetupContext } from '../../chain/plugin.ts';
import { QueryQuota } from '../../upstream/query-quota.ts';
import { hostPort } from '../../upstream/settings.ts';
import { upstreamMetrics } from '../../upstream/upstream-metrics.ts';
import { Upstream, makeAsk } from '../../upstream/upstream.ts';
import { ForwardHandler } from './forward.ts';
import { forwardMetrics } from './metrics.ts';
import { readForwardOptions } from './options.ts';
import type { ForwardOptions } from './options.ts';
import { QUERY_DEADLINE_MS } from './tries.ts';
import type { Target } from './tries.ts';

/** How long it is tried to connect again to a lone upstream that was there a moment ago: the rollout of a cluster DNS is such a moment. */
const REDIAL_MS = 500;

export const forward: Plugin = {
  name: 'forward',
  setup(cursor, context): MakeHandler {
    const lines: { options: ForwardOptions; targets: Target[] }[] = [];
    while (cursor.next()) {
      const options = readForwardOptions(cursor, context);
      const targets = makeTargets(options, context);
      for (const target of targets) context.offerUpstream(offer(target, options, context));
      lines.push({ options, targets });
    }
    const metrics = forwardMetrics(context.metrics);
    const gate = exchangeGate(context);
    context.channels?.shareTurns(() => gate.isSharing);
    context.onStop(() => {
      for (const { targets } of lines) for (const { upstream } of targets) upstream.close();
    });
    return (next) =>
      lines.reduceRight<Handler>(
        (after, { options, targets }) =>
          new ForwardHandler(after, options, targets, { clock: context.clock, gate, metrics }),
        next,
      );
  },
};

/** An upstream opens nothing before its first exchange, so making it is part of a check too. */
function makeTargets(options: ForwardOptions, context: SetupContext): Target[] {
  const metrics = upstreamMetrics(context.metrics);
  return options.upstreams.map((address) => ({
    quarantined: false,
    upstream: new Upstream(
      address,
      {
        quota: quotaOf(options, hostPort(address.host, address.port), context),
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
        tls: options.tls,
      },
      { clock: context.clock, metrics, channels: context.channels },
    ),
  }));
}

/** One for an upstream, however many lines name it: it is the upstream, or the interface to it, that has a limit. */
function quotaOf(options: ForwardOptions, label: string, context: SetupContext): QueryQuota | undefined {
  const { maxQps } = options;
  if (maxQps === 0) return undefined;
  return context.processWide(`max_qps ${maxQps} ${label}`, () => new QueryQuota(maxQps));
}

function offer(target: Target, options: ForwardOptions, context: SetupContext): OfferedUpstream {
  const { upstream } = target;
  return {
    label: upstream.label,
    ask: (question) =>
      upstream.exchange(
        makeAsk(question, { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true }),
        options.forceTcp ? 'tcp' : 'udp',
        context.clock.nowMs() + Math.min(options.readTimeoutMs, QUERY_DEADLINE_MS),
      ),
    quarantine(reason) {
      if (target.quarantined) return;
      target.quarantined = true;
      context.log.error(`${upstream.label} is not asked any more: ${reason}`);
    },
    release() {
      if (!target.quarantined) return;
      target.quarantined = false;
      context.log.info(`${upstream.label} is asked again`);
    },
  };
}
