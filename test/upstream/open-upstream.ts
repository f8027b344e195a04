/** An upstream as the tests of this room ask it: pointed at a scripted one, with metrics to look at, closed when the test is over. */
import { onTestFinished } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import { Deadlines } from '../../src/base/deadlines.ts';
import type { DatagramChannels } from '../../src/datagram/channels.ts';
import { DGRAM_CHANNELS } from '../../src/datagram/dgram-channels.ts';
import type { AskOptions } from '../../src/wire/ask-message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';
import { PendingQuery } from '../../src/upstream/pending-query.ts';
import { PromisedReply } from '../../src/upstream/promised-reply.ts';
import { upstreamMetrics } from '../../src/upstream/upstream-metrics.ts';
import { ExchangeError, Upstream, makeAsk } from '../../src/upstream/upstream.ts';
import type { Ask, UpstreamAddress, UpstreamSettings } from '../../src/upstream/upstream.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream, ScriptedUpstreamOptions } from '../support/scripted-upstream.ts';
import { FakeMetrics } from '../support/setup-context.ts';

const DEFAULTS: UpstreamSettings = {
  expireMs: 10_000,
  readTimeoutMs: 2_000,
  maxFails: 2,
  healthCheckIntervalMs: 500,
  healthCheckDomain: nameFromText('.'),
  healthCheckRecursion: true,
  healthCheckTransport: 'udp',
};

/** A scripted upstream that the test's end closes. */
export async function serve(
  script: Script,
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const server = await startScriptedUpstream(script, options);
  onTestFinished(() => server.close());
  return server;
}

export const askFor = (name: string, options: Partial<AskOptions> = {}, type = TYPE_A): Ask =>
  makeAsk(
    { name: nameFromText(name), type, class: CLASS_IN },
    { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true, ...options },
  );

/** A query that is on its way nowhere yet, and what becomes of it. */
export function pendingFor(
  name: string,
  timeoutMs = 1_000,
): { query: PendingQuery; reply: Promise<Uint8Array> } {
  const { message, nameLength } = askFor(name);
  const asker = new PromisedReply();
  const deadlineMs = SYSTEM_CLOCK.nowMs() + timeoutMs;
  const query = new PendingQuery(message, nameLength, deadlineMs, new Deadlines(SYSTEM_CLOCK), false, asker);
  return { query, reply: asker.promise };
}

export interface OpenUpstream {
  readonly upstream: Upstream;
  readonly metrics: FakeMetrics;
  /** Asks for the name's address within `timeoutMs`, a second unless given. */
  readonly ask: (name: string, transport?: 'udp' | 'tcp', timeoutMs?: number) => Promise<Uint8Array>;
}

export function openUpstream(
  server: Pick<UpstreamAddress, 'host' | 'port'> & Partial<UpstreamAddress>,
  settings: Partial<UpstreamSettings> = {},
  clock: Clock = SYSTEM_CLOCK,
  channels: DatagramChannels = DGRAM_CHANNELS,
): OpenUpstream {
  const metrics = new FakeMetrics();
  const { host, port, protocol = 'dns', serverName } = server;
  const address = { host, port, protocol, ...(serverName === undefined ? {} : { serverName }) };
  const dependencies = { clock, metrics: upstreamMetrics(metrics), channels };
  const upstream = new Upstream(address, { ...DEFAULTS, ...settings }, dependencies);
  onTestFinished(() => upstream.close());
  return {
    upstream,
    metrics,
    ask: (name, transport = 'udp', timeoutMs = 1_000) =>
      upstream.exchange(askFor(name), transport, clock.nowMs() + timeoutMs),
  };
}

/** The error that the promise rejects with. @throws Error when it resolves, or rejects with anything but an ExchangeError. */
export async function failureOf(promise: Promise<unknown>): Promise<ExchangeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
  throw new Error('the exchange did not fail');
}

/** The last octet of the first answer's RDATA: tests tell replies apart by the address 192.0.2.N. */
export const lastOctet = (reply: Uint8Array, optOctets = 11): number =>
  reply[reply.length - optOctets - 1] ?? -1;
