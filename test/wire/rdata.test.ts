/** The shape of RDATA by type: `rdataIsSound`, seen through whole messages. */
import { describe, expect, it } from 'vitest';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { typeCode } from '../../src/wire/registry.ts';
import { FIRST_RECORD, ORG, QNAME, label, message, octets, pointer, record, uint16 } from './raw-message.ts';

function isSound(type: string, rdata: Uint8Array): boolean {
  const bytes = message({ answer: [record({ type: typeCode(type) ?? 0, rdata })], additional: [record()] });
  return messageIsSound(bytes, bytes.length, nameScratch());
}

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const text = (value: string): Uint8Array => octets(value.length, Buffer.from(value));
const soa = (...end: Uint8Array[]): Uint8Array => octets('ns.example.org.', 'host.example.org.', ...end);
const signature = (...signer: Uint8Array[]): Uint8Array => octets(zeros(18), ...signer);

describe('RDATA', () => {
  it.each([
    ['A', octets(192, 0, 2, 1)],
    ['AAAA', zeros(16)],
    ['NS', octets('ns.example.org.')],
    ['CNAME', QNAME],
    ['CNAME', octets(label(3), ORG)],
    ['PTR', octets(0)],
    ['SOA', soa(zeros(20))],
    ['SOA', octets(QNAME, ORG, zeros(20))],
    ['MX', octets(uint16(10), 'mx.org.')],
    ['TXT', text('')],
    ['TXT', octets(text('a'), text('b'))],
    ['TXT', octets(255, zeros(255))],
    ['HINFO', octets(text('cpu'), text('os'))],
    ['SRV', octets(zeros(6), 'target.org.')],
    ['SRV', octets(zeros(6), QNAME)],
    ['NAPTR', octets(zeros(4), text('s'), text('SIP+D2U'), text(''), 'a.org.')],
    ['RP', octets(QNAME, 'txt.org.')],
    ['DNAME', ORG],
    ['RRSIG', signature(octets('org.'))],
    ['RRSIG', signature(octets('org.'), zeros(64))],
    ['NSEC', octets('b.org.', 0, 1, 0x40)],
    ['NXT', octets(QNAME, 0x40)],
    ['DS', zeros(4)],
    ['DNSKEY', octets(zeros(4), 1, 2, 3)],
    ['HTTPS', octets(uint16(1), 0)],
    ['HTTPS', octets(uint16(1), 'svc.org.', 0, 1, 0, 3, 2, 0x68, 0x32)],
    ['CAA', octets(0, text('issue'), Buffer.from('ca.example'))],
    ['CAA', octets(0, text('issue'))],
    ['URI', zeros(4)],
    ['NULL', octets()],
    ['TYPE65280', octets(0xc0, 0x00)],
    ['OPT', octets(0, 1)],
  ])('of %s, case %#', (type, rdata) => {
    expect(isSound(type, rdata)).toBe(true);
  });

  it.each([
    ['A', 'three octets', zeros(3)],
    ['A', 'five octets', zeros(5)],
    ['A', 'none', zeros(0)],
    ['AAAA', '15 octets', zeros(15)],
    ['AAAA', '17 octets', zeros(17)],
    ['NS', 'nothing', zeros(0)],
    ['NS', 'a name and one octet', octets('ns.org.', 0)],
    ['NS', 'a name that lacks its root', octets(2, 0x6e, 0x73)],
    ['NS', 'a pointer cut in two', octets(0xc0)],
    ['NS', 'a name that points forward', pointer(FIRST_RECORD + 14)],
    ['NS', 'a name that points to itself', pointer(FIRST_RECORD + 12)],
    [
      'NS',
      'a name of 256 octets behind a pointer',
      octets(label(63), label(63), label(63), label(46), QNAME),
    ],
    ['SOA', '19 octets of numbers', soa(zeros(19))],
    ['SOA', '21 octets of numbers', soa(zeros(21))],
    ['SOA', 'one name only', octets('ns.org.')],
    ['MX', 'a preference only', zeros(2)],
    ['MX', 'half a preference', zeros(1)],
    ['TXT', 'nothing: there is at least one string (RFC 1035 section 3.3.14)', zeros(0)],
    ['TXT', 'a string over the end', octets(2, 0x61)],
    ['TXT', 'a second string over the end', octets(text('a'), 1)],
    ['HINFO', 'one string', text('cpu')],
    ['HINFO', 'three strings', octets(text('a'), text('b'), text('c'))],
    ['SRV', 'no target', zeros(6)],
    ['SRV', 'something behind the target', octets(zeros(6), 'a.org.', 0)],
    ['NAPTR', 'no replacement', octets(zeros(4), text('s'), text('x'), text(''))],
    ['RRSIG', '17 octets in front of the signer', octets(zeros(17), 'org.')],
    ['RRSIG', 'no signer', zeros(18)],
    ['DS', 'three octets', zeros(3)],
    ['HTTPS', 'no target', uint16(1)],
    ['CAA', 'no tag', zeros(1)],
    ['CAA', 'a tag over the end', octets(0, 5, 0x61)],
    ['URI', 'three octets', zeros(3)],
  ])('of %s is not %s', (type, _what, rdata) => {
    expect(isSound(type, rdata)).toBe(false);
  });

  it('of a name does not go on in the next record', () => {
    // RDLENGTH cuts the name; its last octets would be read from the owner of the record behind.
    const name = octets('ns.org.');
    const bytes = message({
      answer: [record({ type: 2, rdata: name, rdlength: name.length - 1 })],
      counts: [1, 1],
    });
    expect(messageIsSound(bytes, bytes.length, nameScratch())).toBe(false);
  });
});
