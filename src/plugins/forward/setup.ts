/** `forward`: one handler for each line, in the order of the lines. */
import type { Handler } from '../../chain/handler.ts';
import { exchangeGate } from '../../chain/exchange-gate.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { hostPort } from '../../upstream/settings.ts';
import { tlsConnector } from '../../upstream/tls.ts';
import type { UpstreamAddress } from '../../upstream/upstream.ts';
import { forwardFacts } from './facts.ts';
import { ForwardHandler } from './forward.ts';
import type { LineNames } from './line-names.ts';
import { makeTarget, settingsFor } from './make-target.ts';
import { forwardMetrics } from './metrics.ts';
import { offer } from './offer.ts';
import { readForwardOptions } from './options.ts';
import type { ForwardOptions } from './options.ts';
import { UpstreamOrder } from './policy.ts';
import { TargetSet } from './target-set.ts';
import { addressAt } from './targets.ts';
import type { Destination } from './targets.ts';
import type { Target } from './tries.ts';

export const forward: Plugin = {
  name: 'forward',
  setup(cursor, context): MakeHandler {
    const lines: Line[] = [];
    while (cursor.next()) {
      const place = `${cursor.file}:${cursor.line}`;
      const options = readForwardOptions(cursor, context);
      context.explain(forwardFacts(options, place));
      lines.push(new Line(options, context));
    }
    const metrics = forwardMetrics(context.metrics);
    const gate = exchangeGate(context);
    context.channels?.shareTurns(() => gate.isSharing);
    context.onStart(async () => {
      await Promise.all(lines.map((line) => line.start()));
    });
    context.onStop(() => {
      for (const line of lines) line.stop();
    });
    const observer = context.settings.exchangeObserver;
    return (next) =>
      lines.reduceRight<Handler>(
        (after, { options, order }) =>
          new ForwardHandler(after, options, order, { clock: context.clock, gate, metrics, observer }),
        next,
      );
  },
};

/** What is behind the handler of one line. */
class Line {
  readonly options: ForwardOptions;
  readonly order: UpstreamOrder<Target>;
  private readonly context: SetupContext;
  private readonly targets: TargetSet;
  private readonly hasNames: boolean;
  private names: LineNames | undefined;
  private isStopped = false;

  constructor(options: ForwardOptions, context: SetupContext) {
    const { upstreams } = options;
    this.options = options;
    this.context = context;
    this.order = new UpstreamOrder<Target>([], options.policy);
    this.targets = new TargetSet((address) => this.makeTarget(address), this.order);
    this.hasNames = upstreams.some(({ isName }) => isName);
    this.targets.use(upstreams.filter(({ isName }) => !isName).map(addressOf));
    for (const destination of upstreams) {
      if (destination.isName && destination.protocol === 'tls') this.tryTls(destination);
      const label = hostPort(destination.host, destination.port);
      context.offerUpstream(offer(label, () => this.targetsOf(destination), options, context));
    }
  }

  /** @throws Error for a host name without an address */
  async start(): Promise<void> {
    if (!this.hasNames) return;
    const { LineNames: Made } = await import('./line-names.ts');
    if (this.isStopped) return;
    this.names = new Made(this.options, this.context, (addresses) => this.targets.use(addresses));
    await this.names.start();
  }

  stop(): void {
    this.isStopped = true;
    this.names?.stop();
    this.targets.close();
  }

  private makeTarget(address: UpstreamAddress): Target {
    const failed = this.hasNames ? (): void => this.names?.failed(address) : undefined;
    return makeTarget(address, this.options, this.context, failed);
  }

  private targetsOf(destination: Destination): readonly Target[] {
    if (destination.isName && this.names === undefined) return [];
    const addresses = this.names?.of(destination) ?? [addressOf(destination)];
    return addresses.flatMap((address) => this.targets.at(address) ?? []);
  }

  /** What cannot be read is found now, though there is no address yet. */
  private tryTls(destination: Destination): void {
    const address = addressOf(destination);
    tlsConnector(address, settingsFor(address, this.options, this.context));
    if (destination.serverName !== undefined) return;
    this.context.log.warn(
      `tls://${destination.host}: certificates have to carry its addresses; with tls_servername they have to carry a name`,
    );
  }
}

const addressOf = (destination: Destination): UpstreamAddress => addressAt(destination, destination.host);
