import { describe, expect, it } from 'vitest';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import { classOf } from '../../../src/plugins/log/answer-class.ts';
import { MessageBuilder } from '../../../src/wire/builder.ts';
import { QR, SECTION_ANSWER, SECTION_AUTHORITY, TC } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import {
  CLASS_IN,
  NOERROR,
  NOTIMP,
  NXDOMAIN,
  REFUSED,
  SERVFAIL,
  TYPE_A,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_NS,
  TYPE_SOA,
} from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';

const NAME = nameFromText('example.org');
const A: Part = [SECTION_ANSWER, TYPE_A, Uint8Array.of(192, 0, 2, 1)];
const CNAME: Part = [SECTION_ANSWER, TYPE_CNAME, nameFromText('other.test')];
const NS: Part = [SECTION_AUTHORITY, TYPE_NS, NAME];
const SOA: Part = [SECTION_AUTHORITY, TYPE_SOA, new Uint8Array(22)];

type Part = [section: number, type: number, rdata: Uint8Array];

const replyOf = (flags: number, parts: readonly Part[], type = TYPE_A): Reply => {
  const builder = new MessageBuilder(QR | flags).question(NAME, type, CLASS_IN);
  for (const [section, recordType, rdata] of parts) {
    builder.record(section, NAME, recordType, CLASS_IN, 60, rdata);
  }
  return new Reply(builder.finish(), 'test');
};

describe('classOf', () => {
  it.each<[string, string, number, Part[]]>([
    ['records', 'success', NOERROR, [A]],
    ['records that were cut', 'success', NOERROR | TC, [A]],
    ['an alias that leads nowhere', 'success', NOERROR, [CNAME]],
    ['a delegation', 'success', NOERROR, [NS]],
    ['nothing at all', 'success', NOERROR, []],
    ['no such type', 'denial', NOERROR, [SOA]],
    ['no such type behind an alias', 'denial', NOERROR, [CNAME, SOA]],
    ['no such name', 'denial', NXDOMAIN, [SOA]],
    ['no such name, without an SOA', 'denial', NXDOMAIN, []],
    ['no such name behind an alias', 'denial', NXDOMAIN, [CNAME, SOA]],
    ['SERVFAIL', 'error', SERVFAIL, []],
    ['NOTIMP', 'error', NOTIMP, []],
    ['REFUSED', 'error', REFUSED, []],
  ])('calls %s %s', (_case, expected, flags, parts) => {
    expect(classOf(makeQuery('example.org', 'A'), replyOf(flags, parts))).toBe(expected);
  });

  it('calls zone transfers, failures and silence errors', () => {
    const transfer = replyOf(NOERROR, [SOA], TYPE_AXFR);
    expect(classOf(makeQuery('example.org', 'AXFR'), transfer)).toBe('error');
    expect(classOf(makeQuery('example.org', 'A'), new Failure(NXDOMAIN, 'why', 'x'))).toBe('error');
    expect(classOf(makeQuery('example.org', 'A'), SILENCE)).toBe('error');
  });

  it('goes by all twelve bits of the rcode', () => {
    const reply = replyOf(NOERROR, [A]);
    reply.rcode = 16;
    expect(classOf(makeQuery('example.org', 'A'), reply)).toBe('error');
  });
});
