/**
 * Whether an answer is the truth: for this question, as the zones have it, no older than it says, and marked where it is stale. A failure
 * is no lie, and a truncated answer is one to ask again over TCP; how many there may be of them is not for this file to say.
 */
import { checkReply } from '../fuzz/check-reply.ts';
import type { Asked as AskedOctets } from '../fuzz/check-reply.ts';
import {
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  TC,
  rcodeOf,
  readFlags,
} from '../../src/wire/header.ts';
import { TYPE_A } from '../../src/wire/registry.ts';
import { readOpt } from '../support/read-opt.ts';
import { keyOf, readRecords } from './read-records.ts';
import type { ReadRecord } from './read-records.ts';
import { CLOCK_TTL_SECONDS, clockSecond, secondOf, truthOf } from './zone.ts';
import type { Truth, ZoneRecord } from './zone.ts';

export interface Asked extends AskedOctets {
  /** Lower case, with its final dot. */
  readonly name: string;
  readonly type: number;
  readonly transport: 'udp' | 'tcp';
}

/** `stale` is right too, and says that it is old. */
export type Verdict =
  | { readonly kind: 'right' | 'stale' | 'truncated' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'wrong'; readonly reason: string };

const SERVFAIL = 2;
const REFUSED = 5;
/** What `cache` keeps a short TTL for, and what stale answers carry, unless configured otherwise. */
const LEAST_KEPT_SECONDS = 5;
export const STALE_TTL_SECONDS = 30;
/** Extended DNS Errors of RFC 8914: Stale Answer and Stale NXDOMAIN Answer. */
const STALE_ERROR = /^(?:3|19)\b/;
/** The clocks of upstream and judge count whole seconds, the daemon counts TTLs in whole seconds, and messages wait on a busy machine. */
const MOST_AGE_ERROR_SECONDS = 4;

/** Addresses of TEST-NET-3: no zone has them; whoever lies says one of them. */
export const isForged = (type: number, rdata: Uint8Array): boolean =>
  type === TYPE_A && rdata[0] === 203 && rdata[1] === 0 && rdata[2] === 113;

/** @param nowMs since the epoch, when the reply came */
export function judge(asked: Asked, reply: Uint8Array, nowMs: number): Verdict {
  try {
    checkReply(asked, reply);
  } catch (error) {
    return wrong(String(error));
  }
  const flags = readFlags(reply);
  const error = readOpt(reply)?.error;
  const rcode = rcodeOf(flags);
  if (rcode === SERVFAIL || rcode === REFUSED) return judgeFailure(rcode, reply, error);
  const truth = truthOf(asked.name, asked.type, secondOf(nowMs));
  const records = readRecords(reply);
  const lie = answerLie(truth, rcode, records, (flags & TC) !== 0, asked.transport);
  if (lie !== undefined) return wrong(lie);
  const stale = isStale(asked, records, error);
  const late = ttlLie(truth, records, stale) ?? (truth.clock ? ageLie(records, stale, nowMs) : undefined);
  if (late !== undefined) return wrong(late);
  if ((flags & TC) !== 0) return { kind: 'truncated' };
  return { kind: stale ? 'stale' : 'right' };
}

const wrong = (reason: string): Verdict => ({ kind: 'wrong', reason });

function judgeFailure(rcode: number, reply: Uint8Array, error: string | undefined): Verdict {
  const answers = readRecords(reply).filter(({ section }) => section === SECTION_ANSWER);
  if (answers.length > 0) return wrong(`a failure with ${answers.length} answers`);
  return { kind: 'failed', error: `${rcode === SERVFAIL ? 'SERVFAIL' : 'REFUSED'} ${error ?? ''}`.trimEnd() };
}

/** What the sections say that is not so, or leave out. */
function answerLie(
  truth: Truth,
  rcode: number,
  records: readonly ReadRecord[],
  truncated: boolean,
  transport: 'udp' | 'tcp',
): string | undefined {
  if (rcode !== truth.rcode) return `rcode ${rcode} where the zone has ${truth.rcode}`;
  if (truncated && transport === 'tcp') return 'a truncated answer over TCP';
  const answers = records.filter(({ section }) => section === SECTION_ANSWER);
  const found = answers.map((record) => comparable(record, truth.clock));
  const wanted = truth.answers.map((record) => comparable(record, truth.clock));
  const invented = found.find((key) => !wanted.includes(key));
  if (invented !== undefined) return `an answer that the zone has not: ${invented}`;
  if (new Set(found).size < found.length) return 'an answer that is there twice';
  const missing = wanted.find((key) => !found.includes(key));
  if (missing !== undefined && !truncated) return `without ${missing}`;
  return besidesLie(truth, records, truncated);
}

/** A denial carries its SOA (RFC 2308 section 3); nothing else is beside an answer but what an upstream put there, never taken for more. */
function besidesLie(truth: Truth, records: readonly ReadRecord[], truncated: boolean): string | undefined {
  const soa = truth.soa === undefined ? undefined : keyOf(truth.soa.owner, truth.soa.type, truth.soa.rdata);
  const authority = records.filter(({ section }) => section === SECTION_AUTHORITY).map(({ key }) => key);
  if (soa !== undefined && !truncated && !authority.includes(soa)) return 'a denial without its SOA';
  const strange = records.find(
    ({ section, key, type, rdata }) =>
      (section === SECTION_AUTHORITY && key !== soa) ||
      (section === SECTION_ADDITIONAL && !isForged(type, rdata)),
  );
  return strange === undefined ? undefined : `something beside the answer: ${strange.key}`;
}

/** The address of a `clock` name is judged by `ageLie`. */
const comparable = ({ owner, type, rdata }: ZoneRecord, clock: boolean): string =>
  keyOf(owner, type, clock && rdata[0] === 11 ? Uint8Array.of(11) : rdata);

/** A client without EDNS is not told in words; it has the TTL, which no record of the zones has. */
function isStale(asked: Asked, records: readonly ReadRecord[], error: string | undefined): boolean {
  if (asked.hasOpt) return STALE_ERROR.test(error ?? '');
  return records.some(
    ({ section, ttlSeconds }) => section !== SECTION_ADDITIONAL && ttlSeconds === STALE_TTL_SECONDS,
  );
}

function ttlLie(truth: Truth, records: readonly ReadRecord[], stale: boolean): string | undefined {
  const known = [...truth.answers, ...(truth.soa === undefined ? [] : [truth.soa])];
  for (const { section, owner, type, ttlSeconds } of records) {
    if (section === SECTION_ADDITIONAL) continue;
    const own = known.find((record) => record.owner === owner && record.type === type)?.ttlSeconds ?? 0;
    const most = stale ? STALE_TTL_SECONDS : Math.max(own, LEAST_KEPT_SECONDS);
    if (ttlSeconds > most) return `a TTL of ${ttlSeconds} s for ${owner}, which may have ${most}`;
  }
  return undefined;
}

/** An answer that is not stale is as old as its TTL has counted down. */
function ageLie(records: readonly ReadRecord[], stale: boolean, nowMs: number): string | undefined {
  if (stale) return undefined;
  for (const { section, rdata, ttlSeconds } of records) {
    if (section !== SECTION_ANSWER) continue;
    const age = secondOf(nowMs) - clockSecond(rdata);
    const told = CLOCK_TTL_SECONDS - ttlSeconds;
    if (Math.abs(age - told) > MOST_AGE_ERROR_SECONDS) {
      return `an answer ${age} s old that has counted down ${told} s and is not told as stale`;
    }
  }
  return undefined;
}
