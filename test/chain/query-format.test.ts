import { describe, expect, it } from 'vitest';
import { Failure, Reply, SILENCE } from '../../src/chain/outcome.ts';
import type { Outcome } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { COMBINED_FORMAT, COMMON_FORMAT, compileFormat, formatLine } from '../../src/chain/query-format.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { AA, AD, CD, QR, RD, SECTION_ANSWER, TC } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, NXDOMAIN, REFUSED, SERVFAIL, TYPE_A } from '../../src/wire/registry.ts';
import { makeQuery } from '../support/query.ts';
import type { QueryOverrides } from '../support/query.ts';

const NAME = nameFromText('Example.ORG');

const replyOf = (flags = 0): Reply => {
  const builder = new MessageBuilder(QR | flags).question(NAME, TYPE_A, CLASS_IN);
  builder.record(SECTION_ANSWER, NAME, TYPE_A, CLASS_IN, 60, Uint8Array.of(192, 0, 2, 1));
  return new Reply(builder.finish(), 'test');
};

const queryOf = (overrides: QueryOverrides = {}): Query => makeQuery('Example.ORG', 'A', overrides);

const show = (format: string, query: Query = queryOf(), outcome: Outcome = replyOf(), nowMs = 0): string =>
  formatLine(compileFormat(format), query, outcome, nowMs);

describe('the common format', () => {
  it('reads as in CoreDNS', () => {
    const query = queryOf({ clientAddress: '10.244.0.7', clientPort: 41_234, id: 6523, receivedMs: 1000 });
    expect(show(COMMON_FORMAT, query, replyOf(AA), 1000.25)).toBe(
      '10.244.0.7:41234 - 6523 "A IN example.org. udp 29 false 512" NOERROR qr,aa,rd,ra 45 0.00025s',
    );
  });

  it('shows a query that ended without an answer as the reply that the client gets', () => {
    expect(show(COMMON_FORMAT, queryOf({ id: 1 }), new Failure(SERVFAIL, 'why', 'x'))).toBe(
      '192.0.2.53:40000 - 1 "A IN example.org. udp 29 false 512" SERVFAIL qr,rd,ra 29 0s',
    );
  });

  it('shows silence', () => {
    expect(show(COMMON_FORMAT, queryOf({ id: 1 }), SILENCE)).toBe(
      '192.0.2.53:40000 - 1 "A IN example.org. udp 29 false 512" - - 0 0s',
    );
  });

  it('has the opcode behind it when it is combined', () => {
    expect(show(COMBINED_FORMAT)).toBe(`${show(COMMON_FORMAT)} "0"`);
  });
});

describe('a format', () => {
  it.each([
    ['{type} {class}', queryOf(), 'A IN'],
    ['{type} {class}', makeQuery('a', 'TYPE65280', { class: 'CH' }), 'TYPE65280 CH'],
    ['{name}', makeQuery('A\\.b\\032c.test', 'A'), 'a\\.b\\ c.test.'],
    ['{proto} {>bufsize}', queryOf({ edns: true }), 'udp 1232'],
    ['{proto} {>bufsize}', queryOf({ transport: 'tcp' }), 'tcp 65535'],
    ['{size} {>do}', queryOf({ dnssecOk: true }), '40 true'],
    ['{remote}:{port}', queryOf({ clientAddress: '2001:db8::1', clientPort: 53 }), '[2001:db8::1]:53'],
    ['{local}', queryOf(), '127.0.0.1'],
    ['{>opcode}', queryOf(), '0'],
    ['{/forward/upstream}', queryOf(), '-'],
  ])('shows %s', (format, query, shown) => {
    expect(show(format, query)).toBe(shown);
  });

  it('expands {common} and {combined} within itself', () => {
    expect(show('<{common}|{combined}>')).toBe(`<${show(COMMON_FORMAT)}|${show(COMBINED_FORMAT)}>`);
  });

  it.each(['plain', '', '{', '}', '{}', '{unknown}', '{ type }', '{Type}', '}{', '{{', 'a } b { c'])(
    'leaves %j as it is',
    (format) => {
      expect(show(format)).toBe(format);
    },
  );

  it('finds a placeholder between other braces', () => {
    expect(show('{ {type} } {{class}}')).toBe('{ A } {IN}');
  });
});

describe('the rcode', () => {
  it.each([
    [NXDOMAIN, 'NXDOMAIN'],
    [REFUSED, 'REFUSED'],
    [16, 'BADSIG'],
    [3841, '3841'],
  ])('of %i is shown as %s', (rcode, shown) => {
    const reply = replyOf();
    reply.rcode = rcode;
    expect(show('{rcode}', queryOf(), reply)).toBe(shown);
    expect(show('{rcode}', queryOf(), new Failure(rcode, 'why', 'x'))).toBe(shown);
  });
});

describe('the flags of the reply', () => {
  it.each([
    ['truncation', TC, {}, 'qr,tc,rd,ra'],
    ['nothing that the client did not ask for', RD | CD, { recursionDesired: false }, 'qr,ra'],
    ['CD as the client sent it', 0, { checkingDisabled: true }, 'qr,rd,ra,cd'],
    ['AD to a client that understands it', AD, { dnssecOk: true }, 'qr,rd,ra,ad'],
    ['all', AA | TC | AD, { dnssecOk: true, checkingDisabled: true }, 'qr,aa,tc,rd,ra,ad,cd'],
  ] as const)('show %s', (_case, flags, overrides, shown) => {
    expect(show('{>rflags}', queryOf(overrides), replyOf(flags))).toBe(shown);
  });

  it('show no AD to a client that does not understand it', () => {
    const query = queryOf();
    query.flags &= ~AD;
    expect(show('{>rflags}', query, replyOf(AD))).toBe('qr,rd,ra');
  });
});

describe('the duration', () => {
  it.each([
    [0, '0s'],
    [0.000_001, '0.000000001s'],
    [0.000_25, '0.00000025s'],
    [0.001, '0.000001s'],
    [0.123_456_7, '0.000123457s'],
    [1, '0.001s'],
    [1500, '1.5s'],
    [12_000, '12s'],
    [-1, '0s'],
  ])('of %d ms is shown as %s', (ms, shown) => {
    expect(show('{duration}', queryOf({ receivedMs: 0 }), replyOf(), ms)).toBe(shown);
  });
});
