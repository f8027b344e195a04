/** Upstreams that do what the test says, without a socket, and a handler that asks them. */
import { ExchangeGate } from '../../../src/chain/exchange-gate.ts';
import { ForwardHandler } from '../../../src/plugins/forward/forward.ts';
import type { Target } from '../../../src/plugins/forward/tries.ts';
import { forwardMetrics } from '../../../src/plugins/forward/metrics.ts';
import { readForwardOptions } from '../../../src/plugins/forward/options.ts';
import { UpstreamOrder } from '../../../src/plugins/forward/policy.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import { ExchangeError } from '../../../src/upstream/exchange-error.ts';
import type { ExchangeErrorCode } from '../../../src/upstream/exchange-error.ts';
import { upstreamMetrics } from '../../../src/upstream/upstream-metrics.ts';
import { Upstream } from '../../../src/upstream/upstream.ts';
import type { Ask } from '../../../src/upstream/upstream.ts';
import type { Asker } from '../../../src/upstream/pending-query.ts';
import { HEADER_OCTETS, RD } from '../../../src/wire/header.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { QueryMessage } from '../../../src/wire/query.ts';
import { className, typeName } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { replyMessage } from '../../support/scripted-reply.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { FakeMetrics, LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const SETTINGS = {
  expireMs: 10_000,
  readTimeoutMs: 2_000,
  maxFails: 2,
  healthCheckIntervalMs: 500,
  healthCheckDomain: Uint8Array.of(0),
  healthCheckRecursion: true,
  healthCheckTransport: 'udp',
} as const;

export class FakeUpstream extends Upstream implements Target {
  quarantined = false;
  /** Set by health checks. */
  isDown = false;
  probes = 0;
  /** How it was asked, in order. */
  readonly asked: { name: string; asked: QueryMessage; transport: 'udp' | 'tcp'; deadlineMs: number }[] = [];
  /** What it answers, or how it fails; a promise of either to be slow. An error of another kind is a bug, and is thrown. */
  script: () => ReplySpec | Error | Promise<ReplySpec | Error> = () => ({});

  constructor(port: number) {
    const dependencies = { clock: { nowMs: () => 0 }, metrics: upstreamMetrics(new FakeMetrics()) };
    super({ protocol: 'dns', host: '192.0.2.1', port }, SETTINGS, dependencies);
  }

  get upstream(): Upstream {
    return this;
  }

  override get down(): boolean {
    return this.isDown;
  }

  override probeSoon(): void {
    this.probes++;
  }

  override ask(ask: Ask, transport: 'udp' | 'tcp', deadlineMs: number, asker: Asker): void {
    const asked = new QueryMessage();
    asked.read(ask.message, ask.message.length);
    const name = ask.message.slice(HEADER_OCTETS, HEADER_OCTETS + ask.nameLength);
    this.asked.push({ name: nameToText(name), asked, transport, deadlineMs });
    const scripted = this.script();
    if (scripted instanceof Error && !(scripted instanceof ExchangeError)) throw scripted;
    void answerOf(scripted, name, asked, transport).then(
      (reply) => asker.replied(reply),
      (error: unknown) => {
        if (!(error instanceof ExchangeError)) throw error;
        asker.failed(error);
      },
    );
  }
}

async function answerOf(
  scripted: ReplySpec | Error | Promise<ReplySpec | Error>,
  name: Uint8Array,
  asked: QueryMessage,
  transport: 'udp' | 'tcp',
): Promise<Uint8Array> {
  const answer = await scripted;
  if (answer instanceof Error) throw answer;
  const query = {
    name: nameToText(name),
    type: typeName(asked.type),
    class: className(asked.class),
    id: 0,
    flags: RD,
    hasOpt: true,
    dnssecOk: asked.dnssecOk,
    udpSize: 1232,
    transport,
    clientPort: 0,
    connection: 0,
    message: name,
  };
  return replyMessage(query, answer);
}

export const failing = (code: ExchangeErrorCode = 'timeout'): ExchangeError =>
  new ExchangeError(code, `read udp 192.0.2.1:53: ${code}`);

export class Forwarding {
  readonly context: FakeContext = fakeContext();
  readonly upstreams: readonly FakeUpstream[];
  readonly next = new LastHandler();
  readonly gate = new ExchangeGate(this.context.clock);
  readonly handler: ForwardHandler;

  /** @param lines of the block, for this many upstreams that are asked in order unless a line says otherwise */
  constructor(lines = '', count = 2, next?: ForwardHandler, from = '.') {
    this.upstreams = Array.from({ length: count }, (_, i) => new FakeUpstream(i + 1));
    const addresses = this.upstreams.map((_, i) => `192.0.2.${i + 1}`).join(' ');
    const cursor = cursorOf(`forward ${from} ${addresses} {\n policy sequential\n ${lines}\n}`);
    cursor.next();
    const options = readForwardOptions(cursor, this.context);
    const { clock } = this.context;
    const metrics = forwardMetrics(this.context.metrics);
    const order = new UpstreamOrder<Target>(this.upstreams, options.policy);
    this.handler = new ForwardHandler(next ?? this.next, options, order, {
      clock,
      gate: this.gate,
      metrics,
    });
  }

  pending(name = 'a.test.', type = 'A', overrides: QueryOverrides = {}): Pending {
    return this.handler.ask(makeQuery(name, type, overrides));
  }

  ask(name = 'a.test.', type = 'A', overrides: QueryOverrides = {}): Promise<Outcome> {
    return Promise.resolve(this.pending(name, type, overrides));
  }

  /** How often each upstream was asked. */
  get counts(): number[] {
    return this.upstreams.map(({ asked }) => asked.length);
  }
}
