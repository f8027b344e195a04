/**
 * The host names of one `forward` line and the addresses that they stand for, put together with the addresses that are written there. How a
 * name is followed is in `followed-name.ts`. Loaded by those who use it.
 */
import type { SetupContext } from '../../chain/plugin.ts';
import { lookUpAddresses } from '../../upstream/address-lookup.ts';
import { hostPort } from '../../upstream/settings.ts';
import type { UpstreamAddress } from '../../upstream/upstream.ts';
import { FollowedName } from './followed-name.ts';
import type { KnownAddresses } from './followed-name.ts';
import { nameLookupFailures } from './metrics.ts';
import { MAX_UPSTREAMS } from './options.ts';
import type { ForwardOptions } from './options.ts';
import { isOurs, nodeResolvers } from './resolvers.ts';
import type { ServerAddress } from './resolvers.ts';
import { canReach } from './source-address.ts';
import { addressAt, destinationKey } from './targets.ts';
import type { Destination } from './targets.ts';

export class LineNames {
  private readonly options: ForwardOptions;
  private readonly context: SetupContext;
  private readonly changed: (addresses: readonly UpstreamAddress[]) => void;
  private readonly names: ReadonlyMap<Destination, FollowedName>;
  /** What the log was told, once. */
  private readonly told = new Set<string>();
  private isStopped = false;

  /** @param changed is told of the addresses that the line stands for, each time they are others */
  constructor(
    options: ForwardOptions,
    context: SetupContext,
    changed: (addresses: readonly UpstreamAddress[]) => void,
  ) {
    this.options = options;
    this.context = context;
    this.changed = changed;
    this.names = new Map(
      options.upstreams.filter(({ isName }) => isName).map((name) => [name, this.follow(name)]),
    );
  }

  /** Resolves when each name has an address. @throws Error as CoreDNS says it, when one has none */
  async start(): Promise<void> {
    await Promise.all([...this.names.values()].map((name) => name.start()));
    if (!this.isStopped) this.changed(this.addresses());
  }

  stop(): void {
    this.isStopped = true;
    for (const name of this.names.values()) name.stop();
  }

  /** What a name stands for at the moment; the address itself for one that is written. */
  of(destination: Destination): readonly UpstreamAddress[] {
    const hosts = this.names.get(destination)?.addresses ?? [destination.host];
    return hosts.map((host) => addressAt(destination, host));
  }

  /** An upstream at this address has failed. */
  failed(address: UpstreamAddress): void {
    const key = destinationKey(address);
    for (const [destination, name] of this.names) {
      if (this.of(destination).some((one) => destinationKey(one) === key)) name.lookSoon();
    }
  }

  /** In the order of the line, each once, and no more of them than an ordinary line may have. */
  private addresses(): UpstreamAddress[] {
    const seen = new Set<string>();
    const lists = this.options.upstreams.map((destination) =>
      this.of(destination).filter((address) => {
        const key = destinationKey(address);
        return !seen.has(key) && seen.add(key);
      }),
    );
    for (let left = seen.size; left > MAX_UPSTREAMS; left--) longest(lists).pop();
    if (seen.size > MAX_UPSTREAMS) {
      this.tell(`${seen.size} addresses for one line; ${MAX_UPSTREAMS} of them are asked`);
    }
    return lists.flat();
  }

  private follow(destination: Destination): FollowedName {
    const { host: name } = destination;
    const { context, options } = this;
    const via = options.resolvers.map(({ host, port }) => hostPort(host, port)).join(' ');
    return new FollowedName({
      name,
      known: context.carry<KnownAddresses>(`${name} by ${via}`, () => ({ addresses: [] })),
      lookUp: () => lookUpAddresses(name, this.resolvers(), context),
      isUsable: (host) => this.isUsable(destination, host),
      changed: () => this.changed(this.addresses()),
      log: context.log,
      failures: nameLookupFailures(context.metrics),
    });
  }

  private resolvers(): readonly ServerAddress[] {
    const { resolvers } = this.options;
    return (resolvers.length > 0 ? resolvers : nodeResolvers()).filter((resolver) => {
      const ours = isOurs(resolver, this.context.servers);
      if (ours)
        this.tell(`${hostPort(resolver.host, resolver.port)} is not asked for addresses: it is this server`);
      return !ours;
    });
  }

  private isUsable({ host: name, port }: Destination, host: string): boolean {
    if (isOurs({ host, port }, this.context.servers)) {
      this.tell(`"${name}" is ${hostPort(host, port)} too, which is this server and is left out`);
      return false;
    }
    if (canReach(host, this.options.sourceAddresses)) return true;
    this.tell(`"${name}" is ${host} too, which is left out: no source_address fits its family`);
    return false;
  }

  private tell(warning: string): void {
    if (this.told.has(warning)) return;
    this.told.add(warning);
    this.context.log.warn(warning);
  }
}

const longest = <Item>(lists: readonly Item[][]): Item[] =>
  lists.reduce((best, list) => (list.length > best.length ? list : best));
