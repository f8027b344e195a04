import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AA, SECTION_ANSWER } from '../../src/wire/header.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { nameFromText, nameToText } from '../../src/wire/name.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { typeCode } from '../../src/wire/registry.ts';
import { parseRecordText } from '../../src/wire/record-text.ts';
import type { ResourceRecord } from '../../src/wire/record-text.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const name = (text: string): string => hex(nameFromText(text));
const rdataOf = (text: string): string => hex(parseRecordText(`a.test. ${text}`).rdata);

const head = (text: string, defaultTtl?: number): string => {
  const record = parseRecordText(text, defaultTtl);
  return `${nameToText(record.owner)} ${record.ttlSeconds} ${record.class} ${record.type}`;
};

describe('in front of the RDATA', () => {
  it.each([
    ['TTL and class', 'a.test. 60 CH A 192.0.2.1', 'a.test. 60 3 1'],
    ['class and TTL', 'a.test. CH 60 A 192.0.2.1', 'a.test. 60 3 1'],
    ['TTL only', 'a.test. 60 A 192.0.2.1', 'a.test. 60 1 1'],
    ['class only', 'a.test. CH A 192.0.2.1', 'a.test. 3600 3 1'],
    ['neither', 'a.test. A 192.0.2.1', 'a.test. 3600 1 1'],
    ['a TTL with units', 'a.test. 1h30m A 192.0.2.1', 'a.test. 5400 1 1'],
    ['small letters', 'a.test. in a 192.0.2.1', 'a.test. 3600 1 1'],
    ['an owner without its final dot', 'a.test 60 IN A 192.0.2.1', 'a.test. 60 1 1'],
    ['an owner in capitals, which stay', 'A.Test. IN A 192.0.2.1', 'A.Test. 3600 1 1'],
    ['an owner that looks like a TTL', '60 60 IN A 192.0.2.1', '60. 60 1 1'],
    ['an owner that looks like a class', 'IN IN A 192.0.2.1', 'IN. 3600 1 1'],
    ['an owner with escapes', 'a\\.b\\032c\\"\\;.test A 192.0.2.1', 'a\\.b\\ c\\"\\;.test. 3600 1 1'],
    ['the root', '. NS a.', '. 3600 1 2'],
    ['the root as an origin', '@ NS a.', '. 3600 1 2'],
    ['numbers for type and class', 'a.test. CLASS42 TYPE1 192.0.2.1', 'a.test. 3600 42 1'],
    ['blanks around', ' \t\n a.test. \t IN A  192.0.2.1 \r\n', 'a.test. 3600 1 1'],
    ['a comment behind', 'a.test. A 192.0.2.1 ; (', 'a.test. 3600 1 1'],
    ['parentheses over lines', 'a.test. ( 60 ; x\n IN\n)A 192.0.2.1', 'a.test. 60 1 1'],
  ])('reads %s', (_, text, expected) => {
    expect(head(text)).toBe(expected);
  });

  it('takes the default TTL that it is given', () => {
    expect(head('a.test. A 192.0.2.1', 5)).toBe('a.test. 5 1 1');
    expect(head('a.test. 0 A 192.0.2.1', 5)).toBe('a.test. 0 1 1');
  });
});

describe('RDATA', () => {
  const type257 = '0005' + ascii('issueletsencrypt.org');
  it.each([
    ['A', 'A 10.96.0.10', '0a60000a'],
    ['AAAA', 'AAAA 2001:db8::1', '20010db8000000000000000000000001'],
    ['NS', 'NS ns1.test', name('ns1.test')],
    ['CNAME to the root', 'CNAME @', '00'],
    ['PTR with capitals', 'PTR Host.test.', name('Host.test.')],
    ['DNAME', 'DNAME b.test.', name('b.test')],
    ['MX', 'MX 10 mail.test.', '000a' + name('mail.test')],
    ['SRV', 'SRV 1 2 65535 a.test.', '00010002ffff' + name('a.test')],
    [
      'SOA with units and parentheses',
      'SOA ns.test. admin.test. (1 60\n 2m 1d 4294967)',
      name('ns.test') + name('admin.test') + '000000010000003c000000780001518000418937',
    ],
    ['TXT without quotes', 'TXT a b', '01610162'],
    ['TXT with quotes', 'TXT "a b" ""', '0361206200'],
    ['TXT with quotes side by side', 'TXT "a""b"', '01610162'],
    ['TXT with escapes', 'TXT "\\"\\\\\\001\\255;()" \\;x', '07225c01ff3b2829023b78'],
    ['TXT beyond ASCII', 'TXT "é"', '02c3a9'],
    ['TXT longer than one character-string', `TXT "${'x'.repeat(256)}"`, `ff${'78'.repeat(255)}0178`],
    ['SPF', 'SPF "v=spf1 -all"', '0b' + ascii('v=spf1 -all')],
    ['HINFO', 'HINFO "ANY obsoleted" ""', '0d' + ascii('ANY obsoleted') + '00'],
    [
      'NAPTR',
      'NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:x@y.test!" .',
      '0064000a017507' + ascii('E2U+sip') + '13' + ascii('!^.*$!sip:x@y.test!') + '00',
    ],
    ['CAA', 'CAA 0 issue "letsencrypt.org"', type257],
    ['CAA without quotes', 'CAA 0 issue letsencrypt.org', type257],
    ['CAA with an empty value', 'CAA 128 issue ""', '8005' + ascii('issue')],
    ['RP', 'RP a.test. b.test.', name('a.test') + name('b.test')],
    ['AFSDB', 'AFSDB 1 a.test.', '0001' + name('a.test')],
    ['KX', 'KX 1 a.test.', '0001' + name('a.test')],
    ['RT', 'RT 1 a.test.', '0001' + name('a.test')],
    ['DS with a digest in parts', 'DS 60485 5 1 2BB183AF 5f22', 'ec4505012bb183af5f22'],
    ['TLSA', 'TLSA 3 1 1 abcd', '030101abcd'],
    ['SSHFP', 'SSHFP 4 2 abcd', '0402abcd'],
    ['DNSKEY with a key in parts', 'DNSKEY 257 3 13 AQID\tBA==', '0101030d01020304'],
    ['URI', 'URI 10 1 "https://x/"', '000a0001' + ascii('https://x/')],
    ['HTTPS', 'HTTPS 1 . alpn="h2,h3" port=8443', '000100000100060268320268330003000220fb'],
    ['SVCB as an alias', 'SVCB 0 a.test.', '0000' + name('a.test')],
    ['the generic form of a known type', 'A \\# 4 0A60 000a', '0a60000a'],
    ['the generic form of an unknown type', 'TYPE65280 \\# 3 abcdef', 'abcdef'],
    ['the generic form without octets', 'TYPE65280 \\# 0', ''],
    ['the generic form of a type without fields', 'LOC \\# 1 00', '00'],
    ['the generic form with a name', 'MX \\# 5 000a016100', '000a016100'],
  ])('of %s', (_, text, octets) => {
    expect(rdataOf(text)).toBe(octets);
  });
});

describe('what is refused', () => {
  it.each([
    ['nothing', '', 'expected an owner name, found the end'],
    ['a comment only', ' ; a.test. A 192.0.2.1', 'expected an owner name, found the end'],
    ['an owner that is no name', 'a..test A 192.0.2.1', 'expected an owner name, found "a..test"'],
    ['an owner only', 'a.test. 60 IN', 'expected a record type, found the end'],
    ['an unknown type', 'a.test. FOO x', 'expected a TTL, a class or a record type, found "FOO"'],
    ['a second TTL', 'a.test. 60 IN 60 A x', 'expected a TTL, a class or a record type, found "60"'],
    [
      'a TTL over 2^31-1',
      'a.test. 2147483648 A x',
      'expected a TTL, a class or a record type, found "2147483648"',
    ],
    ['a negative TTL', 'a.test. -1 A x', 'expected a TTL, a class or a record type, found "-1"'],
    [
      'a type of questions',
      'a.test. IN ANY x',
      'expected a record type, found "ANY", which no record can have',
    ],
    [
      'a type of messages',
      'a.test. OPT \\# 0',
      'expected a record type, found "OPT", which no record can have',
    ],
    ['an address that is none', 'a.test. A 1.2.3', 'A: expected an IPv4 address, found "1.2.3"'],
    [
      'an IPv4 address for AAAA',
      'a.test. AAAA 192.0.2.1',
      'AAAA: expected an IPv6 address, found "192.0.2.1"',
    ],
    ['a missing field', 'a.test. MX 10', 'MX: expected a domain name, found the end'],
    ['a field too many', 'a.test. A 192.0.2.1 x', 'A: expected the end of the record, found "x"'],
    ['a number out of range', 'a.test. MX 65536 a.', 'MX: expected a number from 0 to 65535, found "65536"'],
    ['a number with a sign', 'a.test. MX +1 a.', 'MX: expected a number from 0 to 65535, found "+1"'],
    ['a target that is no name', 'a.test. NS a..b', 'NS: expected a domain name, found "a..b"'],
    ['TXT without a text', 'a.test. TXT', 'TXT: expected a text, found the end'],
    ['an escape over 255', 'a.test. TXT \\256', 'TXT: expected a text, found "\\256"'],
    [
      'a character-string over 255 octets',
      `a.test. HINFO ${'x'.repeat(256)} y`,
      `HINFO: expected a text of at most 255 octets, found "${'x'.repeat(80)}…"`,
    ],
    ['half an octet', 'a.test. DS 1 1 1 abc', 'DS: expected hexadecimal digits, found "abc"'],
    ['broken base64', 'a.test. DNSKEY 1 3 5 A', 'DNSKEY: expected base64, found "A"'],
    ['a type without fields as text', 'a.test. LOC 51 30 N', 'LOC: expected \\# LENGTH HEX, found "51"'],
    ['an unknown type as text', 'a.test. TYPE65280 x', 'TYPE65280: expected \\# LENGTH HEX, found "x"'],
    [
      'a wrong length',
      'a.test. TYPE65280 \\# 2 ab',
      'TYPE65280: expected 2 octets in hexadecimal digits, found "ab"',
    ],
    ['octets that are no A', 'a.test. A \\# 3 abcdef', 'A: expected octets in the layout of A, found others'],
    [
      'a pointer where a name belongs',
      'a.test. NS \\# 2 c00c',
      'NS: expected octets in the layout of NS, found others',
    ],
    ['an open quote', 'a.test. TXT "a', 'expected a closing quote, found the end'],
    ['an open parenthesis', 'a.test. TXT (a', 'expected ")", found the end'],
    ['a parenthesis that closes nothing', 'a.test. TXT a)', 'expected "(" before ")"'],
    ['a backslash at the end', 'a.test. TXT a \\', 'expected a character behind the last "\\"'],
    [
      'a second record',
      'a.test. A 192.0.2.1\na.test. A 192.0.2.2',
      'expected one record, found another behind it',
    ],
    [
      'a record too long for any message',
      `a.test. TXT ${'x '.repeat(33_000)}`,
      'TXT: expected at most 65535 octets of RDATA, found 66000',
    ],
    [
      'a text that nobody should read',
      'x'.repeat(300_001),
      'expected at most 300000 characters, found 300001',
    ],
  ])('%s', (_, text, message) => {
    expect(() => parseRecordText(text)).toThrow(new RangeError(message));
  });
});

describe('whatever the text', () => {
  const word = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '60',
        '1h',
        'IN',
        '0',
        '10',
        'a.test.',
        '.',
        '192.0.2.1',
        '::1',
        '"x y"',
        'abcd',
        '\\#',
        '4',
      ),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
  );
  const type = fc.constantFrom(
    'A',
    'AAAA',
    'MX',
    'SOA',
    'TXT',
    'NAPTR',
    'CAA',
    'DS',
    'HTTPS',
    'TYPE999',
    'RRSIG',
  );
  const text = fc
    .tuple(fc.array(word, { maxLength: 3 }), type, fc.array(word, { maxLength: 8 }))
    .map(([before, mnemonic, after]) => [...before, mnemonic, ...after].join(' '));

  it('gives a record that stands soundly in a message, or a RangeError', () => {
    fc.assert(
      fc.property(text, (candidate) => {
        expect(soundOrRefused(candidate)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

it('reads the longest text of a record in time that grows with it', () => {
  const record = parseRecordText(`a.test. TXT ${'\\065'.repeat(65_000)}`);
  expect(record.type).toBe(typeCode('TXT'));
  expect(record.rdata.length).toBe(65_000 + Math.ceil(65_000 / 255));
});

function soundOrRefused(text: string): boolean {
  let record: ResourceRecord;
  try {
    record = parseRecordText(text);
  } catch (error) {
    return error instanceof RangeError;
  }
  const message = new MessageBuilder(AA)
    .record(SECTION_ANSWER, record.owner, record.type, record.class, record.ttlSeconds, record.rdata)
    .finish();
  return messageIsSound(message, message.length, nameScratch());
}
