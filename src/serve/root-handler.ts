/**
 * The server of one address: judges what may be asked at all, finds the block, and is the net under every handler. Nothing that a handler
 * throws or rejects with gets past here: it costs its one query a SERVFAIL, is counted, and logged with its stack.
 */
import type { Handler } from '../chain/handler.ts';
import type { ServerIdentity } from '../chain/identity.ts';
import { Failure } from '../chain/outcome.ts';
import type { Outcome, Pending } from '../chain/outcome.ts';
import type { Query } from '../chain/query.ts';
import type { Counter } from '../observe/metric-types.ts';
import { ZoneSeries, requestFamilies } from '../plugins/prometheus/request-metrics.ts';
import { isProbe } from '../wire/probe.ts';
import {
  CLASS_ANY,
  CLASS_CH,
  CLASS_IN,
  CLASS_NONE,
  EDE_NOT_AUTHORITATIVE,
  EDE_NOT_SUPPORTED,
  EDE_OTHER,
  REFUSED,
  SERVFAIL,
  TYPE_AXFR,
  TYPE_IXFR,
  TYPE_MAILA,
  TYPE_MAILB,
  TYPE_OPT,
  TYPE_TKEY,
  TYPE_TSIG,
} from '../wire/registry.ts';
import type { Block } from './block.ts';
import type { Surroundings } from './surroundings.ts';
import type { ZoneTable } from './zone-match.ts';

const NAME = 'serve';

/** Asked of an authoritative server or of nobody, never of a cache (RFC 5936, RFC 6895 section 3.1). */
const UNASKABLE_TYPES: ReadonlySet<number> = new Set([
  TYPE_OPT,
  TYPE_TKEY,
  TYPE_TSIG,
  TYPE_IXFR,
  TYPE_AXFR,
  TYPE_MAILB,
  TYPE_MAILA,
]);

const refusal = (reason: string, code: number): Failure =>
  new Failure(REFUSED, reason, NAME, { code, text: reason });
const NOT_FOR_A_CACHE = refusal('not served by a cache', EDE_NOT_SUPPORTED);
const NO_ZONE = refusal('no server block for this name', EDE_NOT_AUTHORITATIVE);
const NO_PLUGIN = refusal('the server block has no plugin that answers', EDE_NOT_SUPPORTED);
const BUG = new Failure(SERVFAIL, 'bug in a handler', NAME, { code: EDE_OTHER, text: 'internal error' });

/** How many queries wait for their answer, of a whole configuration. */
export interface InFlight {
  inFlight: number;
}

export class RootHandler implements Handler {
  readonly name = NAME;
  private readonly table: ZoneTable<Block>;
  private readonly load: InFlight;
  private readonly surroundings: Surroundings;
  private readonly identity: ServerIdentity;
  /** Queries that no block was asked about; made when there is one. */
  private dropped: ZoneSeries | undefined;
  private readonly bugs: Counter;

  constructor(identity: ServerIdentity, table: ZoneTable<Block>, load: InFlight, surroundings: Surroundings) {
    this.table = table;
    this.load = load;
    this.surroundings = surroundings;
    this.identity = identity;
    this.bugs = surroundings.metrics.counter('coredns_panics_total', BUGS_HELP).with();
  }

  ask(query: Query): Pending {
    if (query.class === CLASS_CH && isProbe(query.foldedName, query.nameLength, query.type, query.class)) {
      return this.surroundings.presence.reply;
    }
    if (query.type >= TYPE_OPT && UNASKABLE_TYPES.has(query.type)) return this.refuse(query, NOT_FOR_A_CACHE);
    const row = this.table.match(query);
    if (row === undefined) return this.refuse(query, NO_ZONE);
    const { chain } = row.block;
    if (chain === undefined) return this.refuse(query, NO_PLUGIN);
    if (query.class !== CLASS_IN && !mayAskOtherClasses(query, row.block)) {
      return this.refuse(query, NOT_FOR_A_CACHE);
    }
    query.zone = row.zone;
    let pending: Pending;
    try {
      pending = chain.ask(query);
    } catch (error) {
      return this.bug(error);
    }
    return pending instanceof Promise ? this.wait(pending) : pending;
  }

  private refuse(query: Query, failure: Failure): Failure {
    const { metrics, clock } = this.surroundings;
    this.dropped ??= new ZoneSeries(requestFamilies(metrics), this.identity.label, 'dropped');
    this.dropped.record(query, failure, clock);
    return failure;
  }

  private wait(pending: Promise<Outcome>): Promise<Outcome> {
    this.load.inFlight++;
    return pending.then(
      (outcome) => {
        this.load.inFlight--;
        return outcome;
      },
      (error: unknown) => {
        this.load.inFlight--;
        return this.bug(error);
      },
    );
  }

  private bug(error: unknown): Failure {
    this.bugs.value++;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.surroundings.log.error(`bug in a handler: ${stack}`);
    return BUG;
  }
}

const BUGS_HELP = 'Bugs that were caught while a query was handled; each cost one query.';

/** Only a block that forwards knows anything of other classes; the classes that stand for several are never forwarded. */
function mayAskOtherClasses(query: Query, block: Block): boolean {
  if (query.class === CLASS_ANY || query.class === CLASS_NONE) return false;
  return block.upstreams.length > 0;
}
