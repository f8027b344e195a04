import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure, Reply } from '../../src/chain/outcome.ts';
import { Query } from '../../src/chain/query.ts';
import { render, renderRcode, renderedOctets, replyLimit } from '../../src/chain/render.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import {
  AA,
  AD,
  CD,
  QR,
  RA,
  RD,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  TC,
  readFlags,
} from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { SERVFAIL } from '../../src/wire/registry.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawEdns, RawQuery, RawReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';

const NAME = 'www.example.org.';
const CLASS_IN = 1;
const TYPE_A = 1;
const TYPE_TXT = 16;
/** An A record behind a pointer to the question. */
const A_OCTETS = 16;
/** Header and question for NAME. */
const QUESTION_OCTETS = 12 + 17 + 4;
const OPT_OCTETS = 11;

interface Asked extends Partial<RawQuery> {
  transport?: Query['transport'];
  /** What the server allows over UDP. */
  payload?: number;
}

function ask({ transport = 'udp', payload = 1232, ...fields }: Asked = {}): Query {
  const message = rawQuery({ name: NAME, ...fields });
  const query = new Query();
  if (!query.read(message, message.length)) throw new Error('cannot read the query');
  query.transport = transport;
  query.replyLimit = payload;
  return query;
}

interface Said {
  flags?: number;
  ttl?: number;
  answers?: number;
  additional?: number;
}

/** A reply with A records of NAME. */
function say({ flags = QR, ttl = 300, answers = 1, additional = 0 }: Said = {}): Reply {
  const name = nameFromText(NAME);
  const builder = new MessageBuilder(flags).question(name, TYPE_A, CLASS_IN);
  for (let i = 0; i < answers; i++) {
    builder.record(SECTION_ANSWER, name, TYPE_A, CLASS_IN, ttl, Uint8Array.of(192, 0, 2, i));
  }
  for (let i = 0; i < additional; i++) {
    builder.record(SECTION_ADDITIONAL, name, TYPE_A, CLASS_IN, ttl, Uint8Array.of(198, 51, 100, i));
  }
  return new Reply(builder.finish(), 'test');
}

/** What the client gets, in a buffer of exactly the size that was asked for. */
function octetsOf(query: Query, outcome: Reply | Failure): Uint8Array {
  const out = new Uint8Array(renderedOctets(query, outcome));
  return out.subarray(0, render(query, outcome, out));
}

const sent = (query: Query, outcome: Reply | Failure): RawReply => readReply(octetsOf(query, outcome));

const failure = (rcode = SERVFAIL, error?: Failure['extendedError']): Failure =>
  new Failure(rcode, 'a reason', 'test', error);

describe('the header of a reply', () => {
  it('has the id of the query', () => {
    expect(sent(ask({ id: 0xbeef }), say()).id).toBe(0xbeef);
    expect(sent(ask({ id: 0xbeef }), failure()).id).toBe(0xbeef);
  });

  it.each([
    { asked: 'nothing', flags: 0, told: ['qr', 'ra'] },
    { asked: 'RD', flags: RD, told: ['qr', 'rd', 'ra'] },
    { asked: 'CD', flags: CD, told: ['qr', 'ra', 'cd'] },
    { asked: 'RD and CD', flags: RD | CD, told: ['qr', 'rd', 'ra', 'cd'] },
    { asked: 'AA, TC and RA, which are no business of a query', flags: AA | TC | RA, told: ['qr', 'ra'] },
  ])('repeats RD and CD and claims recursion: asked with $asked', ({ flags, told }) => {
    expect(sent(ask({ flags }), say()).flags).toEqual(told);
    expect(sent(ask({ flags }), failure()).flags).toEqual(told);
  });

  it('repeats no RD that only the answer had', () => {
    expect(sent(ask({ flags: 0 }), say({ flags: QR | RD | CD })).flags).toEqual(['qr', 'ra']);
  });

  it('never has the Z bit, whoever had it', () => {
    const Z = 0x40;
    expect(readFlags(octetsOf(ask({ flags: RD | Z }), say({ flags: QR | Z }))) & Z).toBe(0);
    expect(readFlags(octetsOf(ask({ flags: RD | Z }), failure())) & Z).toBe(0);
  });

  it('repeats the opcode', () => {
    const NOTIFY = 4 << 11;
    expect(readFlags(octetsOf(ask({ flags: NOTIFY }), failure(4))) & 0x7800).toBe(NOTIFY);
  });

  it.each([
    { asked: 'neither DO nor AD', flags: RD, edns: undefined, told: false },
    { asked: 'AD', flags: RD | AD, edns: undefined, told: true },
    { asked: 'DO', flags: RD, edns: { dnssecOk: true }, told: true },
    { asked: 'EDNS without DO', flags: RD, edns: {}, told: false },
  ])('tells of authentic data whoever asked for it: $asked', ({ flags, edns, told }) => {
    expect(sent(ask({ flags, edns }), say({ flags: QR | AD })).flags.includes('ad')).toBe(told);
    expect(sent(ask({ flags, edns }), say({ flags: QR })).flags).not.toContain('ad');
  });

  it('takes AA from the outcome and not from the octets', () => {
    const reply = say({ flags: QR | AA });
    expect(sent(ask(), reply).flags).toContain('aa');
    reply.authoritative = false;
    expect(sent(ask(), reply).flags).not.toContain('aa');
  });

  it('keeps the TC of an answer that the upstream truncated', () => {
    expect(sent(ask(), say({ flags: QR | TC })).flags).toContain('tc');
  });

  it('has the rcode of the outcome', () => {
    expect(sent(ask(), say({ flags: QR | 3 })).rcode).toBe('NXDOMAIN');
    expect(sent(ask(), failure(5)).rcode).toBe('REFUSED');
  });
});

describe('the question of a reply', () => {
  it.each(['www.example.org.', 'WWW.EXAMPLE.ORG.', 'wWw.ExAmPlE.oRg.'])(
    'is what was asked, octet for octet: %s',
    (name) => {
      const query = ask({ name, type: 'A' });
      const asked = rawQuery({ name, type: 'A' }).subarray(12, QUESTION_OCTETS);
      expect(Buffer.from(octetsOf(query, say()).subarray(12, QUESTION_OCTETS))).toEqual(asked);
      expect(Buffer.from(octetsOf(query, failure()).subarray(12, QUESTION_OCTETS))).toEqual(asked);
    },
  );

  it('leaves the octets of the reply alone, which may be shared', () => {
    const reply = say({ answers: 3 });
    reply.ageSeconds = 7;
    const before = reply.message.slice();
    octetsOf(ask({ name: 'WWW.example.ORG.', id: 0xffff, edns: {} }), reply);
    expect(reply.message).toEqual(before);
  });

  it('is left out where none could be read', () => {
    const query = new Query();
    query.id = 7;
    const told = sent(query, failure(1));
    expect(told).toMatchObject({ id: 7, rcode: 'FORMERR', question: '', octets: 12 });
  });
});

describe('the OPT of a reply', () => {
  it('is there exactly when the query had one', () => {
    for (const outcome of [say(), failure()]) {
      expect(sent(ask(), outcome).hasOpt).toBe(false);
      expect(sent(ask({ edns: {} }), outcome).hasOpt).toBe(true);
    }
  });

  it.each([
    { payload: 1232, told: 1232 },
    { payload: 4096, told: 4096 },
    { payload: 512, told: 1232 },
  ])('tells what we take, not what the client takes: $payload allowed', ({ payload, told }) => {
    const query = ask({ payload, edns: { udpSize: 700 } });
    expect(readOpt(octetsOf(query, say()))).toMatchObject({ udpSize: told, version: 0 });
  });

  it.each([true, false])('repeats DO and no other flag: %s', (dnssecOk) => {
    const query = ask({ edns: { dnssecOk } });
    expect(readOpt(octetsOf(query, say()))?.flags).toBe(dnssecOk ? 0x8000 : 0);
    expect(readOpt(octetsOf(query, failure()))?.flags).toBe(dnssecOk ? 0x8000 : 0);
  });

  it("repeats none of the client's options", () => {
    const cookie = [10, Buffer.from('0123456789abcdef', 'hex')] as const;
    const query = ask({ edns: { options: [cookie] } });
    expect(octetsOf(query, say())).toHaveLength(QUESTION_OCTETS + A_OCTETS + OPT_OCTETS);
  });

  it('carries the upper bits of an extended rcode', () => {
    const reply = say();
    reply.rcode = 23;
    expect(readOpt(octetsOf(ask({ edns: {} }), reply))?.rcode).toBe(23);
    expect(readOpt(octetsOf(ask({ edns: {} }), failure(23)))?.rcode).toBe(23);
  });

  it('an extended rcode that cannot be said for want of it becomes SERVFAIL', () => {
    const reply = say();
    reply.rcode = 16;
    expect(sent(ask(), reply).rcode).toBe('SERVFAIL');
    // The low bits alone would read NOERROR.
    expect(sent(ask(), failure(16)).rcode).toBe('SERVFAIL');
  });

  it('says BADVERS with version 0 to an OPT of another version', () => {
    const query = ask({ edns: { version: 1 } });
    const out = new Uint8Array(512);
    const told = out.subarray(0, renderRcode(query, 16, undefined, out));
    expect(readOpt(told)).toMatchObject({ version: 0, rcode: 16 });
    expect(readReply(told)).toMatchObject({ rcode: 'NOERROR', question: `${NAME} IN A` });
  });

  it('tells an Extended DNS Error to clients with EDNS only', () => {
    const error = { code: 22, text: 'nobody there' };
    const reply = say();
    reply.extendedError = error;
    for (const outcome of [reply, failure(2, error)]) {
      expect(readOpt(octetsOf(ask({ edns: {} }), outcome))?.error).toBe('22 nobody there');
      expect(sent(ask(), outcome).hasOpt).toBe(false);
    }
  });

  it('drops the Extended DNS Error before any record', () => {
    const reply = say({ answers: 29 });
    reply.extendedError = { code: 3, text: 'an explanation that is too long' };
    // 33 + 29 * 16 + 11 = 508 octets: the OPT fits and the explanation does not.
    const told = octetsOf(ask({ edns: { udpSize: 512 } }), reply);
    expect(readReply(told)).toMatchObject({ octets: 508, answer: { length: 29 } });
    expect(readReply(told).flags).not.toContain('tc');
    expect(readOpt(told)?.error).toBeUndefined();
    const roomier = octetsOf(ask({ edns: { udpSize: 600 } }), reply);
    expect(readOpt(roomier)?.error).toBe('3 an explanation that is too long');
  });

  it('drops an Extended DNS Error that does not fit beside a question', () => {
    const error = { code: 0, text: 'x'.repeat(500) };
    const told = octetsOf(ask({ edns: { udpSize: 512 } }), failure(2, error));
    expect(readReply(told)).toMatchObject({ rcode: 'SERVFAIL', hasOpt: true });
    expect(readOpt(told)?.error).toBeUndefined();
    const overTcp = octetsOf(ask({ edns: { udpSize: 512 }, transport: 'tcp' }), failure(2, error));
    expect(readOpt(overTcp)?.error).toBe(`0 ${error.text}`);
  });
});

const ttls = (reply: Reply): number[] => sent(ask(), reply).answer.map((line) => Number(line.split(' ')[1]));

describe('the TTLs of a reply', () => {
  it.each([
    { what: 'as they are', ttl: 300, ageSeconds: 0, fixedTtlSeconds: -1, told: 300 },
    { what: 'less the age', ttl: 300, ageSeconds: 299, fixedTtlSeconds: -1, told: 1 },
    { what: 'never negative', ttl: 300, ageSeconds: 301, fixedTtlSeconds: -1, told: 0 },
    {
      what: 'large ones are no negative numbers',
      ttl: 0xffff_ffff,
      ageSeconds: 1,
      fixedTtlSeconds: -1,
      told: 0xffff_fffe,
    },
    {
      what: 'fixed for a stale answer, whatever its age',
      ttl: 300,
      ageSeconds: 1000,
      fixedTtlSeconds: 30,
      told: 30,
    },
    { what: 'fixed to 0', ttl: 300, ageSeconds: 0, fixedTtlSeconds: 0, told: 0 },
  ])('$what', ({ ttl, ageSeconds, fixedTtlSeconds, told }) => {
    const reply = Object.assign(say({ ttl, answers: 3 }), { ageSeconds, fixedTtlSeconds });
    expect(ttls(reply)).toEqual([told, told, told]);
  });

  it('count down in the records that a truncated answer keeps', () => {
    const reply = say({ answers: 100 });
    reply.ageSeconds = 10;
    expect(new Set(ttls(reply))).toEqual(new Set([290]));
  });

  it('leaves an OPT alone, whose bits are no TTL', () => {
    const reply = say();
    reply.fixedTtlSeconds = 30;
    expect(readOpt(octetsOf(ask({ edns: { dnssecOk: true } }), reply))?.flags).toBe(0x8000);
  });
});

describe('the size of a reply', () => {
  it.each<{ what: string; transport?: Query['transport']; edns?: RawEdns; payload?: number; limit: number }>([
    { what: 'UDP without OPT', limit: 512 },
    { what: 'UDP without OPT, whatever we allow', payload: 4096, limit: 512 },
    { what: "the client's size", edns: { udpSize: 1000 }, limit: 1000 },
    { what: 'a size under 512 means 512', edns: { udpSize: 100 }, limit: 512 },
    { what: 'ours, if the client takes more', edns: { udpSize: 65_535 }, limit: 1232 },
    { what: 'ours, raised by bufsize', edns: { udpSize: 4096 }, payload: 4096, limit: 4096 },
    { what: 'ours, never under 512', edns: { udpSize: 1232 }, payload: 100, limit: 512 },
    { what: 'TCP', transport: 'tcp', limit: 65_535 },
    { what: "TCP, whatever the client's UDP size", transport: 'tcp', edns: { udpSize: 512 }, limit: 65_535 },
  ])('$what: $limit', ({ limit, transport = 'udp', edns, payload = 1232 }) => {
    expect(replyLimit(ask({ transport, edns, payload }))).toBe(limit);
  });

  it.each([
    { what: 'without OPT', edns: undefined, opt: 0 },
    { what: 'with OPT', edns: { udpSize: 512 }, opt: OPT_OCTETS },
  ])('is filled up to the limit, and TC set for what is left out: $what', ({ edns, opt }) => {
    const fitting = Math.floor((512 - QUESTION_OCTETS - opt) / A_OCTETS);
    const whole = sent(ask({ edns }), say({ answers: fitting }));
    expect(whole).toMatchObject({ answer: { length: fitting }, hasOpt: opt > 0 });
    expect(whole.flags).not.toContain('tc');
    const cut = sent(ask({ edns }), say({ answers: fitting + 1 }));
    expect(cut).toMatchObject({ answer: { length: fitting }, hasOpt: opt > 0 });
    expect(cut.flags).toContain('tc');
    expect(cut.octets).toBeLessThanOrEqual(512);
  });

  it('is cut over TCP too, where 65,535 octets are not enough for the OPT', () => {
    const name = nameFromText(NAME);
    const builder = new MessageBuilder(QR).question(name, TYPE_TXT, CLASS_IN);
    const text = new Uint8Array(244).fill(1, 0, 1);
    for (let i = 0; i < 255; i++) builder.record(SECTION_ANSWER, name, TYPE_TXT, CLASS_IN, 1, text);
    builder.record(SECTION_ANSWER, name, TYPE_TXT, CLASS_IN, 1, text.subarray(0, 200));
    const large = new Reply(builder.finish(), 'test');
    expect(large.message.length).toBeGreaterThan(65_535 - OPT_OCTETS);
    const without = octetsOf(ask({ type: 'TXT', transport: 'tcp' }), large);
    expect(without).toHaveLength(large.message.length);
    const told = octetsOf(ask({ type: 'TXT', transport: 'tcp', edns: {} }), large);
    expect(readReply(told)).toMatchObject({ answer: { length: 255 }, hasOpt: true });
    expect(readFlags(told) & TC).toBe(TC);
  });

  it('may leave out additional records without TC', () => {
    const told = sent(ask(), say({ answers: 29, additional: 5 }));
    expect(told).toMatchObject({ answer: { length: 29 }, additional: { length: 0 } });
    expect(told.flags).not.toContain('tc');
  });
});

describe('renderedOctets', () => {
  it('is never less than what is written, and nothing is written behind it', () => {
    const edns = fc.option(
      fc.record({ udpSize: fc.integer({ min: 0, max: 65_535 }), dnssecOk: fc.boolean() }),
      { nil: undefined },
    );
    const error = fc.option(
      fc.record({ code: fc.nat(65_535), text: fc.string({ unit: 'grapheme', maxLength: 300 }) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.constantFrom<Query['transport']>('udp', 'tcp'),
        edns,
        fc.integer({ min: 0, max: 4096 }),
        error,
        fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
        fc.integer({ min: 0, max: 100 }),
        (transport, opt, payload, extendedError, answers, ageSeconds) => {
          const query = ask({ transport, edns: opt, payload });
          const outcome = answers === undefined ? failure(2, extendedError) : say({ answers });
          if (outcome instanceof Reply) Object.assign(outcome, { extendedError, ageSeconds });
          const room = renderedOctets(query, outcome);
          const out = new Uint8Array(room + 64).fill(0xa5);
          const octets = render(query, outcome, out);
          expect(octets).toBeLessThanOrEqual(room);
          expect(octets).toBeLessThanOrEqual(replyLimit(query));
          expect(out.subarray(room).every((octet) => octet === 0xa5)).toBe(true);
          // What was written is sound, and tells EDNS exactly to those who spoke it.
          expect(readReply(out.subarray(0, octets)).hasOpt).toBe(opt !== undefined);
        },
      ),
      { numRuns: 300 },
    );
  });
});
