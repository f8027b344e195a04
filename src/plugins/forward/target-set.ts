/**
 * The upstreams of one `forward` line. Those that stand for host names come and go while it serves: one that is still wanted stays as it is,
 * with its connections and its health; one that is not is asked nothing new, and closed when what is on its way must have ended.
 */
import type { UpstreamAddress } from '../../upstream/upstream.ts';
import type { UpstreamOrder } from './policy.ts';
import { destinationKey } from './targets.ts';
import { QUERY_DEADLINE_MS } from './tries.ts';
import type { Target } from './tries.ts';

/** Whoever got the list before asks from it until then, and a little later all of that has ended. */
const LEAVING_MS = QUERY_DEADLINE_MS + 500;

interface Leaving {
  readonly target: Target;
  readonly timer: NodeJS.Timeout;
}

export class TargetSet {
  private readonly make: (address: UpstreamAddress) => Target;
  private readonly order: UpstreamOrder<Target>;
  private current = new Map<string, Target>();
  private readonly leaving = new Map<string, Leaving>();

  /** @param order is told of each change */
  constructor(make: (address: UpstreamAddress) => Target, order: UpstreamOrder<Target>) {
    this.make = make;
    this.order = order;
  }

  /** These are asked from now on, in this order; each is named once. */
  use(addresses: readonly UpstreamAddress[]): void {
    const before = this.current;
    this.current = new Map(
      addresses.map((address) => {
        const key = destinationKey(address);
        return [key, before.get(key) ?? this.calledBack(key) ?? this.make(address)];
      }),
    );
    for (const [key, target] of before) if (!this.current.has(key)) this.sendAway(key, target);
    this.order.replace([...this.current.values()]);
  }

  /** The upstream of this address, if it is in use. */
  at(address: UpstreamAddress): Target | undefined {
    return this.current.get(destinationKey(address));
  }

  /** Closes all of them at once. */
  close(): void {
    for (const { upstream } of this.current.values()) upstream.close();
    for (const { target, timer } of this.leaving.values()) {
      clearTimeout(timer);
      target.upstream.close();
    }
    this.leaving.clear();
  }

  private sendAway(key: string, target: Target): void {
    const timer = setTimeout(() => {
      this.leaving.delete(key);
      target.upstream.close();
    }, LEAVING_MS).unref();
    this.leaving.set(key, { target, timer });
  }

  private calledBack(key: string): Target | undefined {
    const found = this.leaving.get(key);
    if (found === undefined) return undefined;
    clearTimeout(found.timer);
    this.leaving.delete(key);
    return found.target;
  }
}
