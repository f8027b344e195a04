import { describe, expect, it } from 'vitest';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { OPT_OCTETS, writeOpt } from '../../src/wire/edns.ts';
import type { ExtendedError } from '../../src/wire/edns.ts';
import { AA, QR, RA, RD, TC, writeCount, writeId } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { Random } from '../fuzz/random.ts';
import { makeQuery } from './ask.ts';
import { judge } from './judge.ts';
import type { Asked } from './judge.ts';
import { FORGED_ADDRESS, VICTIM } from './upstream-answer.ts';
import { CLOCK_TTL_SECONDS, secondOf, truthOf } from './zone.ts';
import type { ZoneRecord } from './zone.ts';

const NOW_MS = Date.UTC(2026, 5, 1, 10, 0, 30);
const A = 1;
const TXT = 16;
const ANSWER = 1;
const AUTHORITY = 2;
const ADDITIONAL = 3;
const HEADLESS = 'headless-1.shop.svc.cluster.local.';
const SERVICE = 'svc-1.shop.svc.cluster.local.';
const MISSING = 'nobody.test.';
const CLOCK = 't-1.clock.test.';

type Section = readonly (readonly [section: number, record: ZoneRecord])[];

interface ReplySpec {
  readonly rcode?: number;
  readonly flags?: number;
  readonly id?: number;
  readonly name?: string;
  /** The sections as the zone has them, changed. */
  readonly change?: (sections: Section) => Section;
  readonly error?: ExtendedError;
  /** Seconds ago at which an upstream said it, for clocks. */
  readonly age?: number;
}

/** A query of this kind: chance decides about EDNS and case. */
function query(name: string, type = A, hasOpt = true, transport: 'udp' | 'tcp' = 'tcp'): Asked {
  for (let seed = 0; ; seed++) {
    const asked = makeQuery({ name, type, transport, id: 0x1234 }, new Random(seed));
    if (asked.hasOpt === hasOpt) return asked;
  }
}

/** What the zone has, as a daemon would say it, changed as the test says. */
function replyTo(asked: Asked, spec: ReplySpec = {}): Uint8Array {
  const truth = truthOf(asked.name, asked.type, secondOf(NOW_MS) - (spec.age ?? 0));
  const question = asked.packet.subarray(12, 12 + asked.questionLength - 4);
  const name = spec.name === undefined ? question : nameFromText(spec.name);
  const builder = new MessageBuilder(QR | RD | RA | (spec.rcode ?? truth.rcode) | (spec.flags ?? 0));
  builder.question(name, asked.type, 1);
  const sections: Section = [
    ...truth.answers.map((record) => [ANSWER, record] as const),
    ...(truth.soa === undefined ? [] : [[AUTHORITY, truth.soa] as const]),
  ];
  let additional = 0;
  for (const [section, { owner, type, ttlSeconds, rdata }] of spec.change?.(sections) ?? sections) {
    builder.record(section, nameFromText(owner), type, 1, ttlSeconds, rdata);
    if (section === ADDITIONAL) additional++;
  }
  const message = builder.finish();
  writeId(message, spec.id ?? 0x1234);
  if (!asked.hasOpt) return message.slice();
  const room = Buffer.alloc(message.length + OPT_OCTETS + 100);
  room.set(message);
  const end = writeOpt(room, message.length, 1_232, spec.rcode ?? truth.rcode, false, spec.error);
  writeCount(room, 3, additional + 1);
  return Uint8Array.from(room.subarray(0, end));
}

const withTtl =
  (ttlSeconds: number) =>
  (sections: Section): Section =>
    sections.map(([section, record]) => [section, { ...record, ttlSeconds }]);

const forged: ZoneRecord = { owner: VICTIM, type: A, ttlSeconds: 5, rdata: FORGED_ADDRESS };
const STALE: ExtendedError = { code: 3, text: 'stale' };

describe('the judge', () => {
  it.each([
    ['the truth', HEADLESS, {}],
    ['it in another order', HEADLESS, { change: (all: Section) => all.toReversed() }],
    ['a denial', MISSING, {}],
    ['it with shorter TTLs', SERVICE, { change: withTtl(0) }],
    [
      'what an upstream put beside it',
      SERVICE,
      { change: (all: Section): Section => [...all, [ADDITIONAL, forged]] },
    ],
    ['a clock that has counted down', CLOCK, { age: 4, change: withTtl(CLOCK_TTL_SECONDS - 4) }],
  ] satisfies [string, string, ReplySpec][])('takes %s for right', (_, name, spec) => {
    const asked = query(name);
    expect(judge(asked, replyTo(asked, spec), NOW_MS)).toEqual({ kind: 'right' });
  });

  it.each([
    ['another id', HEADLESS, { id: 1 }],
    ['another question', HEADLESS, { name: SERVICE }],
    ['a denial of what is there', HEADLESS, { rcode: 3 }],
    ['no answer of those there are', HEADLESS, { change: () => [] }],
    ['one answer too few', HEADLESS, { change: (all) => all.slice(1) }],
    [
      'an address that is not its',
      HEADLESS,
      { change: (all) => [...all, [ANSWER, { ...forged, owner: HEADLESS }]] },
    ],
    ['an answer about somebody else', HEADLESS, { change: (all) => [...all, [ANSWER, forged]] }],
    ['an answer twice', SERVICE, { change: (all) => [...all, ...all] }],
    ['a presence of what is not there', MISSING, { rcode: 0 }],
    ['a denial without its SOA', MISSING, { change: () => [] }],
    ['FORMERR', SERVICE, { rcode: 1, change: () => [] }],
    ['a failure with answers', SERVICE, { rcode: 2 }],
    ['a TTL that is too long', SERVICE, { change: withTtl(21) }],
    ['a TTL of stale answers without a word', SERVICE, { change: withTtl(30) }],
    ['a stale TTL that is too long', SERVICE, { change: withTtl(31), error: STALE }],
    ['a clock that stands', CLOCK, { age: 20 }],
    ['TC over TCP', HEADLESS, { flags: TC }],
    ['an Authority nobody asked for', SERVICE, { change: (all) => [...all, [AUTHORITY, forged]] }],
  ] satisfies [string, string, ReplySpec][])('takes %s for wrong', (_, name, spec) => {
    const asked = query(name);
    expect(judge(asked, replyTo(asked, spec), NOW_MS)).toMatchObject({ kind: 'wrong' });
  });

  it('wants the question in the case in which it was asked', () => {
    const asked = query(SERVICE);
    const upper = Buffer.from(asked.packet).toString('latin1').toUpperCase();
    const shouting = { ...asked, packet: Uint8Array.from(Buffer.from(upper, 'latin1')) };
    const lower = { ...asked, packet: Uint8Array.from(Buffer.from(upper.toLowerCase(), 'latin1')) };
    expect(judge(shouting, replyTo(shouting), NOW_MS)).toEqual({ kind: 'right' });
    expect(judge(shouting, replyTo(lower), NOW_MS)).toMatchObject({ kind: 'wrong' });
  });

  it('takes an answer for stale that says so', () => {
    const asked = query(CLOCK);
    const reply = replyTo(asked, { age: 1_000, change: withTtl(30), error: STALE });
    expect(judge(asked, reply, NOW_MS)).toEqual({ kind: 'stale' });
  });

  it('takes the TTL of stale answers as a word where there is no EDNS', () => {
    const asked = query(CLOCK, A, false);
    const reply = replyTo(asked, { age: 1_000, change: withTtl(30) });
    expect(judge(asked, reply, NOW_MS)).toEqual({ kind: 'stale' });
  });

  it('takes a failure for a failure, with its reason', () => {
    const asked = query(SERVICE);
    const reply = replyTo(asked, { rcode: 2, change: () => [], error: { code: 22, text: 'nobody' } });
    expect(judge(asked, reply, NOW_MS)).toEqual({ kind: 'failed', error: 'SERVFAIL 22 nobody' });
  });

  it('takes what is truncated over UDP as far as it goes', () => {
    const asked = query(HEADLESS, A, true, 'udp');
    const some = replyTo(asked, { flags: TC, change: (all) => all.slice(0, 3) });
    expect(judge(asked, some, NOW_MS)).toEqual({ kind: 'truncated' });
    const forgedOne = replyTo(asked, { flags: TC | AA, change: () => [[ANSWER, forged]] });
    expect(judge(asked, forgedOne, NOW_MS)).toMatchObject({ kind: 'wrong' });
  });

  it('wants an answer to fit its client', () => {
    const asked = query('big-1.shop.svc.cluster.local.', TXT, true, 'udp');
    expect(judge(asked, replyTo(asked), NOW_MS)).toMatchObject({ kind: 'wrong' });
  });
});
