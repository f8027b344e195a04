/**
 * Answers for names that are about the machine that asks: `localhost` (RFC 6761 section 6.3) and the reverse zones of 0.0.0.0/8,
 * 127.0.0.0/8 and 255.0.0.0/8 (RFC 6303 section 4.2). Nobody else can know them, and a query for them that leaves the machine is one too many.
 * The answers are CoreDNS's: without AA, and good for a week.
 */
import type { Handler } from '../../chain/handler.ts';
import { Reply } from '../../chain/outcome.ts';
import type { Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import type { Counter } from '../../observe/metric-types.ts';
import { namedZones, matchZone } from '../../chain/zones.ts';
import type { Zone } from '../../chain/identity.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { QR, SECTION_ANSWER, SECTION_AUTHORITY, writeUint32 } from '../../wire/header.ts';
import { nameFromText } from '../../wire/name.ts';
import {
  CLASS_IN,
  NOERROR,
  NXDOMAIN,
  TYPE_A,
  TYPE_AAAA,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SOA,
} from '../../wire/registry.ts';

const TTL_SECONDS = 604_800;
const LOCALHOST = nameFromText('localhost.');
const IPV4_LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const IPV6_LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const LOOPBACK_REVERSE = nameFromText('1.0.0.127.in-addr.arpa.');
const ZONES: readonly Zone[] = namedZones([
  'localhost.',
  '0.in-addr.arpa.',
  '127.in-addr.arpa.',
  '255.in-addr.arpa.',
]);

/** `localhost. root.localhost. 1 0 0 0 604800`. */
const SOA_RDATA = soaRdata();

export class LocalHandler implements Handler {
  readonly name = 'local';
  private readonly next: Handler;
  private readonly answersPrefix: boolean;
  private readonly localhostRequests: Counter;

  /** @param answersPrefix whether `localhost.example.org.`, as a search list makes it, is answered too */
  constructor(next: Handler, answersPrefix: boolean, localhostRequests: Counter) {
    this.next = next;
    this.answersPrefix = answersPrefix;
    this.localhostRequests = localhostRequests;
  }

  ask(query: Query): Pending {
    if (query.class !== CLASS_IN) return this.next.ask(query);
    const { foldedName, nameLength } = query;
    const zone = matchZone(ZONES, foldedName, nameLength);
    const isBelow = zone === ZONES[0] && nameLength > LOCALHOST.length;
    if (isBelow || (this.answersPrefix && isPrefixed(foldedName, nameLength))) {
      this.localhostRequests.value++;
      return loopback(query, false);
    }
    if (zone === undefined) return this.next.ask(query);
    if (nameLength === zone.name.length) return apex(query, zone);
    const isLoopback =
      nameLength === LOOPBACK_REVERSE.length && startsWith(foldedName, LOOPBACK_REVERSE, nameLength);
    return isLoopback ? reverse(query, zone) : denied(query, NXDOMAIN, zone.name);
  }
}

/** The first label is `localhost`, and another one follows. */
const isPrefixed = (name: Uint8Array, length: number): boolean =>
  length > LOCALHOST.length && startsWith(name, LOCALHOST, LOCALHOST.length - 1);

function startsWith(name: Uint8Array, start: Uint8Array, octets: number): boolean {
  for (let i = 0; i < octets; i++) if (name[i] !== start[i]) return false;
  return true;
}

/** The zones themselves. */
function apex(query: Query, zone: Zone): Reply {
  if (zone === ZONES[0]) return loopback(query, true);
  return authorityOf(query) ?? denied(query, NOERROR, query.nameAsAsked);
}

/** @param isApex whether the zone `localhost.` itself is asked for, which has SOA and NS too */
function loopback(query: Query, isApex: boolean): Reply {
  if (query.type === TYPE_A) return answer(query, IPV4_LOOPBACK);
  if (query.type === TYPE_AAAA) return answer(query, IPV6_LOOPBACK);
  return (isApex ? authorityOf(query) : undefined) ?? denied(query, NOERROR, query.nameAsAsked);
}

function authorityOf(query: Query): Reply | undefined {
  if (query.type === TYPE_SOA) return answer(query, SOA_RDATA);
  return query.type === TYPE_NS ? answer(query, LOCALHOST) : undefined;
}

const reverse = (query: Query, zone: Zone): Reply =>
  query.type === TYPE_PTR ? answer(query, LOCALHOST) : denied(query, NOERROR, zone.name);

/** One record of the type that was asked for. */
function answer(query: Query, rdata: Uint8Array): Reply {
  const builder = begin(query, NOERROR);
  builder.record(SECTION_ANSWER, query.nameAsAsked, query.type, CLASS_IN, TTL_SECONDS, rdata);
  return new Reply(builder.finish(), 'local');
}

/** Nothing, with the SOA that says for how long. */
function denied(query: Query, rcode: number, origin: Uint8Array): Reply {
  const builder = begin(query, rcode);
  builder.record(SECTION_AUTHORITY, origin, TYPE_SOA, CLASS_IN, TTL_SECONDS, SOA_RDATA);
  return new Reply(builder.finish(), 'local');
}

const begin = (query: Query, rcode: number): MessageBuilder =>
  new MessageBuilder(QR | rcode).question(query.nameAsAsked, query.type, query.class);

function soaRdata(): Uint8Array {
  const mailbox = nameFromText('root.localhost.');
  const rdata = new Uint8Array(LOCALHOST.length + mailbox.length + 20);
  rdata.set(LOCALHOST, 0);
  rdata.set(mailbox, LOCALHOST.length);
  // Serial 1; refresh, retry and expire 0, since nobody transfers the zone.
  writeUint32(rdata, LOCALHOST.length + mailbox.length, 1);
  writeUint32(rdata, rdata.length - 4, TTL_SECONDS);
  return rdata;
}
