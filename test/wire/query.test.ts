import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { AD, CD, RD } from '../../src/wire/header.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { TYPE_OPT, TYPE_SOA, TYPE_TSIG } from '../../src/wire/registry.ts';
import { QNAME, QUESTION, label, message, octets, pointer, question, record, uint16 } from './raw-message.ts';
import type { RecordSpec } from './raw-message.ts';

function read(bytes: Uint8Array, length = bytes.length): QueryMessage & { readable: boolean } {
  const query = new QueryMessage();
  return Object.assign(query, { readable: query.read(bytes, length) });
}

const opt = (spec: RecordSpec = {}): Uint8Array =>
  record({ owner: '.', type: TYPE_OPT, class: 1232, ttl: 0, rdata: octets(), ...spec });
const withOpt = (spec: RecordSpec = {}): Uint8Array => message({ flags: RD, additional: [opt(spec)] });
const tsig = record({ owner: 'key.', type: TYPE_TSIG, class: 255, ttl: 0, rdata: new Uint8Array(20) });

describe('the question of a query', () => {
  it('is read with id and flags', () => {
    const query = read(message({ id: 0xbeef, flags: RD | CD, question: question('WwW.Example.', 28, 3) }));
    expect(query).toMatchObject({
      readable: true,
      id: 0xbeef,
      type: 28,
      class: 3,
      nameLength: 13,
      questionLength: 17,
      recursionDesired: true,
      checkingDisabled: true,
      wantsAuthenticData: false,
      hasOpt: false,
      udpSize: 512,
      dnssecOk: false,
    });
  });

  it.each([
    ['the root', question('.')],
    ['the longest label', question(octets(label(63), 0))],
    ['the longest name, 255 octets', question(octets(label(63), label(63), label(63), label(61), 0))],
    ['octets that are no text', question(octets(3, 0, 0xc0, 0xff, 0))],
  ])('may be %s', (_what, asked) => {
    expect(read(message({ flags: 0, question: asked }))).toMatchObject({
      readable: true,
      questionLength: asked.length,
    });
  });

  it.each([
    ['a name of 256 octets', question(octets(label(63), label(63), label(63), label(62), 0))],
    ['a label of 64 octets', question(octets(label(64), 0))],
    ['a label type of 0x80', question(octets(0x80, 0))],
    ['a pointer, even to a root in the header', question(octets(label(3), pointer(6)))],
    ['a name without its root', octets(label(3))],
    ['a name alone', octets('a.')],
    ['a type and half a class', QUESTION.subarray(0, -1)],
    ['nothing', octets()],
  ])('cannot be read when it is %s, and nothing of it is repeated', (_what, asked) => {
    const query = read(message({ id: 7, flags: RD, question: asked, counts: [1] }));
    expect(query).toMatchObject({ readable: false, id: 7, nameLength: 0, questionLength: 0 });
  });

  it('wants AD when it has AD or DO (RFC 6840 section 5.7)', () => {
    expect(read(message({ flags: 0 })).wantsAuthenticData).toBe(false);
    expect(read(message({ flags: AD })).wantsAuthenticData).toBe(true);
    expect(read(withOpt({ ttl: 0x8000 })).wantsAuthenticData).toBe(true);
  });
});

describe('the OPT of a query', () => {
  it.each([
    [0, 512],
    [511, 512],
    [512, 512],
    [513, 513],
    [1232, 1232],
    [65_535, 65_535],
  ])('of size %d means %d octets (RFC 6891 section 6.2.3)', (size, udpSize) => {
    expect(read(withOpt({ class: size }))).toMatchObject({ readable: true, hasOpt: true, udpSize });
  });

  it('says DO and version', () => {
    expect(read(withOpt({ ttl: 0x8000 }))).toMatchObject({ readable: true, dnssecOk: true, ednsVersion: 0 });
    expect(read(withOpt({ ttl: 0x0001_0000 }))).toMatchObject({ readable: true, ednsVersion: 1 });
    expect(read(withOpt({ ttl: 0x00ff_7fff }))).toMatchObject({ dnssecOk: false, ednsVersion: 255 });
  });

  it('may have options of any shape where its version is not ours', () => {
    expect(read(withOpt({ ttl: 0x0001_0000, rdata: octets(1, 2, 3) })).readable).toBe(true);
  });

  it.each([
    ['it stands twice', message({ flags: 0, additional: [opt(), opt()] })],
    ['it stands in the answer section', message({ flags: 0, answer: [opt()] })],
    ['it stands in the authority section', message({ flags: 0, authority: [opt()] })],
    ['its owner is not the root', withOpt({ owner: 'a.' })],
    ['its owner is the root behind a pointer', withOpt({ owner: pointer(12 + QUESTION.length - 5) })],
    ['an option runs over its end', withOpt({ rdata: octets(uint16(10), uint16(9), new Uint8Array(8)) })],
    ['half an option stands at its end', withOpt({ rdata: octets(uint16(10), 0) })],
    ['its RDLENGTH runs over the message', withOpt({ rdlength: 1 })],
  ])('makes a FORMERR when %s (section 6.1.1)', (_what, bytes) => {
    expect(read(bytes)).toMatchObject({ readable: false, questionLength: QUESTION.length });
  });

  it('is known of a query that is refused for a second one, so that the refusal has one', () => {
    expect(read(message({ additional: [opt(), opt()] })).hasOpt).toBe(true);
  });

  it('may have a signature in front or behind', () => {
    expect(read(message({ additional: [opt(), tsig] }))).toMatchObject({ readable: true, hasOpt: true });
    expect(read(message({ additional: [tsig, opt()] }))).toMatchObject({ readable: true, hasOpt: true });
  });
});

describe('the records of a query', () => {
  it('may be an SOA in authority, as IXFR has it', () => {
    const soa = record({ type: TYPE_SOA, rdata: octets(QNAME, QNAME, new Uint8Array(20)) });
    expect(read(message({ authority: [soa] })).readable).toBe(true);
  });

  it.each([
    ['counted and not there', message({ counts: [1, 0, 0, 1] })],
    ['longer than the message', message({ additional: [record({ rdlength: 5 })] })],
    ['cut', message({ additional: [record()] }).subarray(0, -1)],
  ])('make a FORMERR when one is %s', (_what, bytes) => {
    expect(read(bytes)).toMatchObject({ readable: false, type: 1 });
  });

  it('end where the counts say; what comes behind is ignored', () => {
    expect(read(message({ trailing: octets(0xff, 0xff) })).readable).toBe(true);
    expect(read(octets(withOpt(), 0, 0, 41))).toMatchObject({ readable: true, hasOpt: true });
  });
});

const fieldsOf = ({ id, flags, nameLength, type, class: klass, hasOpt, ...rest }: QueryMessage): unknown => [
  [id, flags, nameLength, type, klass, hasOpt],
  [rest.length, rest.message, rest.udpSize, rest.ednsVersion, rest.dnssecOk],
];

describe('one object for many messages', () => {
  it('has nothing left of the message before', () => {
    const query = new QueryMessage();
    const full = message({
      id: 9,
      flags: RD | AD | CD,
      additional: [opt({ class: 4096, ttl: 0x0001_8000 })],
    });
    expect(query.read(full, full.length)).toBe(true);
    const bare = message({ id: 1, flags: 0, question: question('b.', 2) });
    expect(query.read(bare, bare.length)).toBe(true);
    expect(fieldsOf(query)).toEqual(fieldsOf(read(bare)));
  });

  it('can be cleared', () => {
    const query = read(withOpt());
    query.clear();
    expect(query).toMatchObject({
      length: 0,
      id: 0,
      flags: 0,
      nameLength: 0,
      type: 0,
      class: 0,
      hasOpt: false,
      udpSize: 512,
    });
  });

  it('counts only the octets that it is told of', () => {
    const bytes = message({ additional: [opt()] });
    expect(read(octets(bytes, 1, 2, 3), bytes.length)).toMatchObject({ readable: true, hasOpt: true });
    expect(read(bytes, bytes.length - 1).readable).toBe(false);
  });
});

it('is what dns2 reads', () => {
  const bytes = message({ id: 77, flags: RD, additional: [opt({ class: 1400, ttl: 0x8000 })] });
  const packet = Packet.parse(Buffer.from(bytes));
  const query = read(bytes);
  expect(packet.header).toMatchObject({ id: query.id, rd: 1, qr: 0, opcode: 0 });
  expect(packet.questions).toEqual([{ name: 'www.example.org', type: query.type, class: query.class }]);
  expect(packet.additionals).toMatchObject([{ type: TYPE_OPT, class: query.udpSize, ttl: 0x8000 }]);
});
