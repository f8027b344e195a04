/**
 * Answers from a hosts file and from lines of the Corefile: A and AAAA by name, PTR by address. What is not there goes on to the next
 * handler where `fallthrough` says so, and is SERVFAIL otherwise, as in CoreDNS: without an SOA nothing can be denied properly.
 *
 * The order of the look-ups differs from CoreDNS for speed, not in its results: the table holds only names within the zones, so which
 * zone a name belongs to matters only when the name is not in the table.
 */
import type { Fallthrough } from '../../chain/fallthrough.ts';
import type { Handler } from '../../chain/handler.ts';
import type { Zone } from '../../chain/identity.ts';
import { Failure, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { matchZone } from '../../chain/zones.ts';
import { CLASS_IN, SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_PTR } from '../../wire/registry.ts';
import type { HostsSource, LoadedHosts } from './hosts-source.ts';
import type { IpAddress } from './ip-address.ts';
import { compileAnswer } from './static-answer.ts';
import type { StaticAnswer } from './static-answer.ts';

/** Octets of the type behind the name in `Query.key`. */
const TYPE_OCTETS = 2;

export interface HostsOptions {
  readonly zones: readonly Zone[];
  readonly ttlSeconds: number;
  readonly fallthrough: Fallthrough;
  /** Types that no hosts file has fall through too, where the name itself is there. */
  readonly fallthroughUnsupported: boolean;
}

export class HostsHandler implements Handler {
  readonly name = 'hosts';
  private readonly next: Handler;
  private readonly source: HostsSource;
  private readonly options: HostsOptions;

  constructor(next: Handler, source: HostsSource, options: HostsOptions) {
    this.next = next;
    this.source = source;
    this.options = options;
  }

  ask(query: Query): Pending {
    // Addresses and their names are of class IN only.
    if (query.class !== CLASS_IN) return this.next.ask(query);
    const { loaded } = this.source;
    return loaded === undefined ? this.askLater(query) : this.askLoaded(loaded, query);
  }

  /** Sockets are open a moment before the file has been read. */
  private async askLater(query: Query): Promise<Outcome> {
    await this.source.started;
    const { loaded } = this.source;
    if (loaded === undefined) return new Failure(SERVFAIL, 'the hosts file could not be read', 'hosts');
    return this.askLoaded(loaded, query);
  }

  private askLoaded(loaded: LoadedHosts, query: Query): Pending {
    const name = query.key.slice(0, query.nameLength);
    if (query.type === TYPE_PTR) return this.answerPointer(loaded, query, name);
    const addresses = loaded.table.addressesOf(name);
    return addresses === undefined ? this.unknown(query) : this.answerHost(loaded, query, addresses);
  }

  /** An address without a name is always somebody else's, whatever `fallthrough` says. */
  private answerPointer(loaded: LoadedHosts, query: Query, name: string): Pending {
    const names = loaded.table.namesOf(name);
    return names === undefined ? this.next.ask(query) : this.answer(loaded, query, names);
  }

  private answerHost(loaded: LoadedHosts, query: Query, addresses: readonly IpAddress[]): Pending {
    if (query.type === TYPE_A) return this.answer(loaded, query, texts(addresses, 4));
    if (query.type === TYPE_AAAA) return this.answer(loaded, query, texts(addresses, 6));
    if (this.options.fallthroughUnsupported && this.options.fallthrough.through(query)) {
      return this.next.ask(query);
    }
    // Not kept: clients may ask for 65,536 types.
    return reply(this.compile(loaded, query, []));
  }

  private unknown(query: Query): Pending {
    const { fallthrough, zones } = this.options;
    if (fallthrough.through(query) || matchZone(zones, query.foldedName, query.nameLength) === undefined) {
      return this.next.ask(query);
    }
    return new Failure(SERVFAIL, 'no such host, and no fallthrough', 'hosts');
  }

  private answer(loaded: LoadedHosts, query: Query, values: Iterable<string>): Reply {
    const question = query.key.slice(0, query.nameLength + TYPE_OCTETS);
    const known = loaded.answers.get(question);
    if (known !== undefined) return reply(known);
    const answer = this.compile(loaded, query, values);
    loaded.answers.set(question, answer);
    return reply(answer);
  }

  private compile(loaded: LoadedHosts, query: Query, values: Iterable<string>): StaticAnswer {
    const name = query.foldedName.subarray(0, query.nameLength);
    return compileAnswer(loaded.codec, name, query.type, this.options.ttlSeconds, values);
  }
}

const reply = (answer: StaticAnswer): Reply => new Reply(answer.message, 'hosts', answer.ttlOffsets);

/** The addresses of one family, found only when they are asked for. */
function* texts(addresses: readonly IpAddress[], family: IpAddress['family']): Generator<string> {
  for (const address of addresses) if (address.family === family) yield address.text;
}
