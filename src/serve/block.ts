/** A server block after its plugins were set up: zones, addresses, and the chain that answers. */
import type { Fact } from '../chain/facts.ts';
import type { Handler } from '../chain/handler.ts';
import type { ServerIdentity, Zone } from '../chain/identity.ts';
import type { BlockSettings, MakeHandler, OfferedUpstream, Plugin } from '../chain/plugin.ts';
import { Failure } from '../chain/outcome.ts';
import type { Pending } from '../chain/outcome.ts';
import { SERVFAIL } from '../wire/registry.ts';

export interface Block {
  /** The keys as the user wrote them. */
  readonly label: string;
  /** `file:line` of the block, for errors. */
  readonly place: string;
  readonly zones: readonly Zone[];
  /** Port of each zone, by its index. */
  readonly ports: readonly number[];
  readonly settings: BlockSettings;
  readonly servers: ServerIdentity[];
  readonly upstreams: OfferedUpstream[];
  /** What the plugins say of themselves. */
  readonly facts: Fact[];
  /** What the plugins gave back, in their order. */
  readonly makers: { readonly plugin: Plugin; readonly make: MakeHandler }[];
  /** The first handler; undefined for a block without any, which refuses. */
  chain: Handler | undefined;
}

export const defaultSettings = (): BlockSettings => ({
  bindAddresses: undefined,
  debug: false,
  timeouts: undefined,
  reload: undefined,
  workers: undefined,
  lameduckMs: 0,
});

/** Puts the handlers one behind the other, the last in front of the end of the chain. */
export function buildChain(block: Block): void {
  const last = block.makers.at(-1);
  if (last === undefined) return;
  block.chain = block.makers.reduceRight<Handler>(
    (next, { make }) => make(next),
    new EndOfChain(last.plugin.name),
  );
}

/** Behind the last handler nobody knows an answer. */
class EndOfChain implements Handler {
  readonly name = 'end';
  private readonly failure: Failure;

  constructor(lastPlugin: string) {
    this.failure = new Failure(SERVFAIL, `plugin/${lastPlugin}: no next plugin found`, this.name);
  }

  ask(): Pending {
    return this.failure;
  }
}
