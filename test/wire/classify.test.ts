import { describe, expect, it } from 'vitest';
import {
  KIND_DELEGATION,
  KIND_FAILURE,
  KIND_NODATA,
  KIND_NXDOMAIN,
  KIND_OTHER,
  KIND_POSITIVE,
  classify,
} from '../../src/wire/classify.ts';
import { AA, QR, RA, TC, readUint32 } from '../../src/wire/header.ts';
import {
  FORMERR,
  NOTIMP,
  NXDOMAIN,
  REFUSED,
  SERVFAIL,
  TYPE_AAAA,
  TYPE_ANY,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_IXFR,
  TYPE_NS,
  TYPE_SOA,
} from '../../src/wire/registry.ts';
import type { MessageSpec } from './raw-message.ts';
import { ORG, QNAME, message, octets, pointer, question, record, uint32 } from './raw-message.ts';

const REPLY = QR | RA | AA;
const kindOf = (spec: MessageSpec): number => {
  const bytes = message({ flags: REPLY, ...spec });
  return classify(bytes, bytes.length).kind;
};

const a = (owner: string | Uint8Array = QNAME): Uint8Array => record({ owner });
const aaaa = (owner: string | Uint8Array = QNAME): Uint8Array =>
  record({ owner, type: TYPE_AAAA, rdata: new Uint8Array(16) });
const cname = (owner: string | Uint8Array, target: string): Uint8Array =>
  record({ owner, type: TYPE_CNAME, rdata: octets(target) });
const soa = (ttl = 300, minimum = 60): Uint8Array =>
  record({
    owner: ORG,
    type: TYPE_SOA,
    ttl,
    rdata: octets('ns.org.', 'host.org.', new Uint8Array(16), uint32(minimum)),
  });
const ns = record({ owner: 'example.org.', type: TYPE_NS, rdata: octets('ns.example.org.') });

describe('NOERROR', () => {
  it.each([
    ['the record that was asked for', { answer: [a()] }],
    ['it, its owner written in full', { answer: [a('www.example.org.')] }],
    ['it, its owner in another case', { answer: [a('WWW.EXAMPLE.ORG.')] }],
    ['it, behind a record of another type', { answer: [aaaa(), a()] }],
    ['it, and an SOA', { answer: [a()], authority: [soa()] }],
    ['it at the end of an alias', { answer: [cname(QNAME, 'b.org.'), a('b.org.')] }],
    [
      'it at the end of a chain in order',
      { answer: [cname(QNAME, 'b.org.'), cname('b.org.', 'c.org.'), a('c.org.')] },
    ],
    [
      'it at the end of a chain out of order',
      { answer: [a('c.org.'), cname('b.org.', 'c.org.'), cname(QNAME, 'b.org.')] },
    ],
    ['it at the end of a chain in mixed case', { answer: [cname(QNAME, 'B.org.'), a('b.ORG.')] }],
    [
      'an alias where an alias was asked for',
      { question: question('www.example.org.', TYPE_CNAME), answer: [cname(QNAME, 'b.org.')] },
    ],
    [
      'anything where ANY was asked for',
      { question: question('www.example.org.', TYPE_ANY), answer: [aaaa()] },
    ],
    [
      'a record of an unknown type',
      { question: question('www.example.org.', 65_280), answer: [record({ type: 65_280 })] },
    ],
  ])('is positive with %s', (_what, spec) => {
    expect(kindOf(spec)).toBe(KIND_POSITIVE);
  });

  it.each([
    ['nothing and an SOA', { authority: [soa()] }],
    ['nothing, NS and an SOA', { authority: [ns, soa()] }],
    [
      'an alias to nowhere and an SOA: the denial is of the end of the chain',
      { answer: [cname(QNAME, 'b.org.')], authority: [soa()] },
    ],
    ['another type and an SOA', { answer: [aaaa()], authority: [soa()] }],
    [
      'a loop of aliases and an SOA',
      { answer: [cname(QNAME, 'b.org.'), cname('b.org.', 'www.example.org.')], authority: [soa()] },
    ],
    [
      'the record at a name beside the chain, and an SOA',
      { answer: [cname(QNAME, 'b.org.'), a('c.org.')], authority: [soa()] },
    ],
  ])('is NODATA with %s', (_what, spec) => {
    expect(kindOf(spec)).toBe(KIND_NODATA);
  });

  it.each([
    ['nothing and the NS of another zone', { authority: [ns] }],
    ['nothing, NS and their addresses', { authority: [ns], additional: [a('ns.example.org.')] }],
  ])('is a delegation with %s', (_what, spec) => {
    expect(kindOf(spec)).toBe(KIND_DELEGATION);
  });

  it.each([
    ['nothing at all', {}],
    ['nothing and an address beside it', { additional: [a()] }],
    ['nothing and an SOA outside of authority', { additional: [soa()] }],
    ['an alias to nowhere', { answer: [cname(QNAME, 'b.org.')] }],
    ['an alias to nowhere and NS', { answer: [cname(QNAME, 'b.org.')], authority: [ns] }],
    ['an alias to itself', { answer: [cname(QNAME, 'www.example.org.')] }],
    ['a loop of aliases', { answer: [cname(QNAME, 'b.org.'), cname('b.org.', 'www.example.org.')] }],
    ['a loop beside the name', { answer: [cname('b.org.', 'c.org.'), cname('c.org.', 'b.org.')] }],
    ['the record at another name only', { answer: [a('other.org.')] }],
    ['the record under a name that points into the answer of nobody', { answer: [a(pointer(16))] }],
    ['another type only', { answer: [aaaa()] }],
    ['answers counted that are not there', { counts: [1, 3] }],
  ])('must not be kept with %s', (_what, spec) => {
    expect(kindOf(spec)).toBe(KIND_OTHER);
  });
});

describe('other rcodes', () => {
  it.each([
    ['NXDOMAIN with an SOA', { flags: REPLY | NXDOMAIN, authority: [soa()] }, KIND_NXDOMAIN],
    [
      'NXDOMAIN behind an alias',
      { flags: REPLY | NXDOMAIN, answer: [cname(QNAME, 'b.org.')], authority: [soa()] },
      KIND_NXDOMAIN,
    ],
    [
      'NXDOMAIN behind a chain',
      {
        flags: REPLY | NXDOMAIN,
        answer: [cname(QNAME, 'b.org.'), cname('b.org.', 'c.org.')],
        authority: [soa()],
      },
      KIND_NXDOMAIN,
    ],
    ['NXDOMAIN with the SOA behind NS', { flags: REPLY | NXDOMAIN, authority: [ns, soa()] }, KIND_NXDOMAIN],
    ['NXDOMAIN without an SOA', { flags: REPLY | NXDOMAIN }, KIND_OTHER],
    ['NXDOMAIN with an SOA in the answer', { flags: REPLY | NXDOMAIN, answer: [soa()] }, KIND_OTHER],
    ['SERVFAIL', { flags: REPLY | SERVFAIL }, KIND_FAILURE],
    ['SERVFAIL with records', { flags: REPLY | SERVFAIL, answer: [a()] }, KIND_FAILURE],
    ['NOTIMP', { flags: REPLY | NOTIMP }, KIND_FAILURE],
    ['FORMERR', { flags: REPLY | FORMERR }, KIND_OTHER],
    ['REFUSED', { flags: REPLY | REFUSED }, KIND_OTHER],
    ['rcode 11, which nobody has defined', { flags: REPLY | 11, authority: [soa()] }, KIND_OTHER],
  ])('%s', (_what, spec, kind) => {
    expect(kindOf(spec)).toBe(kind);
  });
});

describe('what must never be kept', () => {
  it.each([
    ['a truncated answer (RFC 2181 section 9)', { flags: REPLY | TC, answer: [a()] }],
    ['a truncated denial', { flags: REPLY | TC | NXDOMAIN, authority: [soa()] }],
    ['a truncated failure', { flags: REPLY | TC | SERVFAIL }],
    ['the answer to an UPDATE', { flags: REPLY | (5 << 11), answer: [a()] }],
    ['AXFR', { question: question('www.example.org.', TYPE_AXFR), answer: [soa(), a(), soa()] }],
    ['IXFR', { question: question('www.example.org.', TYPE_IXFR), answer: [soa()] }],
    ['a header alone', { question: octets() }],
    ['a question that is cut', { question: octets(3, 0x61), counts: [1] }],
  ])('%s', (_what, spec) => {
    expect(kindOf(spec)).toBe(KIND_OTHER);
  });
});

const denial = (...authority: Uint8Array[]): Uint8Array => message({ flags: REPLY | NXDOMAIN, authority });

describe('the SOA of a denial (RFC 2308 section 5)', () => {
  it('is told with the place of its TTL and its MINIMUM', () => {
    const bytes = denial(ns, soa(900, 77));
    const { soaTtlOffset, soaMinimumSeconds } = classify(bytes, bytes.length);
    expect(readUint32(bytes, soaTtlOffset)).toBe(900);
    expect(soaMinimumSeconds).toBe(77);
  });

  it('has a MINIMUM of up to 32 bits', () => {
    const bytes = denial(soa(900, 0xffff_ffff));
    expect(classify(bytes, bytes.length).soaMinimumSeconds).toBe(0xffff_ffff);
  });

  it('is the first one where there are two', () => {
    const bytes = denial(soa(900, 77), soa(1, 1));
    expect(classify(bytes, bytes.length).soaMinimumSeconds).toBe(77);
  });

  it('may have the shortest names there are', () => {
    const rdata = octets(0, 0, new Uint8Array(16), uint32(5));
    const bytes = denial(record({ owner: ORG, type: TYPE_SOA, rdata }));
    expect(classify(bytes, bytes.length)).toMatchObject({ kind: KIND_NXDOMAIN, soaMinimumSeconds: 5 });
  });

  it('is not one when it is too short to be one', () => {
    const bytes = denial(record({ owner: ORG, type: TYPE_SOA, rdata: new Uint8Array(21) }));
    expect(classify(bytes, bytes.length).kind).toBe(KIND_OTHER);
  });

  it('is not mentioned for other kinds', () => {
    const bytes = message({ flags: REPLY, answer: [a()], authority: [soa()] });
    expect(classify(bytes, bytes.length)).toEqual({
      kind: KIND_POSITIVE,
      soaTtlOffset: 0,
      soaMinimumSeconds: 0,
    });
  });
});
