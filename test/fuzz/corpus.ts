/** Packets as they are seen in the field, honest and otherwise, for others to damage. Each has a name, so that a failure can say it. */
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
  SECTION_AUTHORITY,
  TC,
} from '../../src/wire/header.ts';
import { TYPE_OPT, TYPE_TSIG, typeCode } from '../../src/wire/registry.ts';
import type { MessageSpec } from '../wire/raw-message.ts';
import { label, message, octets, pointer, question, record, uint16, uint32 } from '../wire/raw-message.ts';

export interface Packet {
  readonly name: string;
  readonly octets: Uint8Array;
}

const opt = (rdata = octets(), ttl = 0, size = 1232): Uint8Array =>
  record({ owner: '.', type: TYPE_OPT, class: size, ttl, rdata });
const option = (code: number, data: Uint8Array): Uint8Array =>
  octets(uint16(code), uint16(data.length), data);
const tsig = record({
  owner: 'key.example.',
  type: TYPE_TSIG,
  class: 255,
  ttl: 0,
  rdata: new Uint8Array(60),
});
const text = (value: string): Uint8Array => octets(value.length, Buffer.from(value));

const query = (name: string, spec: MessageSpec = {}): Packet => ({
  name: `query ${name}`,
  octets: message({ flags: RD, ...spec }),
});

export const QUERIES: readonly Packet[] = [
  query('A'),
  query('AAAA in mixed case', { question: question('WwW.eXaMpLe.ORG.', 28) }),
  query('of the root', { question: question('.', 2) }),
  query('of a service', { question: question('_dns._udp.kube-dns.kube-system.svc.cluster.local.', 33) }),
  query('of a longest name', { question: question(octets(label(63), label(63), label(63), label(61), 0)) }),
  query('of 127 labels', { question: question('a.'.repeat(127)) }),
  query('of octets that are no text', { question: question(octets(5, 0, 0xc0, 0x2e, 0xff, 0x5c, 0)) }),
  query('of class CH', { question: question('version.bind.', 16, 3) }),
  query('of an unknown type', { question: question('a.example.', 65_280) }),
  query('of ANY', { question: question('example.org.', 255) }),
  query('AXFR', { question: question('example.org.', 252) }),
  query('with EDNS', { additional: [opt()] }),
  query('with DO and CD', { flags: RD | CD, additional: [opt(octets(), 0x8000, 4096)] }),
  query('with a cookie', { additional: [opt(option(10, new Uint8Array(8)))] }),
  query('with options of all kinds', {
    additional: [
      opt(
        octets(
          option(8, octets(0, 1, 24, 0, 192, 0, 2)),
          option(12, new Uint8Array(31)),
          option(65_001, octets(1)),
        ),
      ),
    ],
  }),
  query('with 300 options', {
    additional: [opt(octets(...Array.from({ length: 300 }, () => option(3, octets()))))],
  }),
  query('with a payload of 0', { additional: [opt(octets(), 0, 0)] }),
  query('with a payload of 65,535', { additional: [opt(octets(), 0x8000, 65_535)] }),
  query('of EDNS version 1', { additional: [opt(octets(), 0x0001_0000)] }),
  query('with two OPTs', { additional: [opt(), opt()] }),
  query('with an OPT that a name owns', { additional: [record({ owner: 'a.', type: TYPE_OPT })] }),
  query('with OPT and signature', { additional: [opt(), tsig] }),
  query('IXFR with its SOA', {
    question: question('example.org.', 251),
    authority: [record({ type: 6, rdata: octets('ns.a.', 'h.a.', new Uint8Array(20)) })],
  }),
  query('with an answer in it', { answer: [record()] }),
  query('without question', { question: octets() }),
  query('with two questions', { question: octets(question('a.'), question('b.')), counts: [2] }),
  query('whose question is a pointer', { question: octets(pointer(12), 0, 1, 0, 1) }),
  query('UPDATE', { flags: 5 << 11 }),
  query('NOTIFY', { flags: (4 << 11) | AA }),
  query('with every flag but QR', { flags: 0x07ff }),
  { name: 'a header alone', octets: message({ flags: RD, question: octets() }) },
  { name: '11 octets', octets: message({ flags: RD }).subarray(0, 11) },
];

const soa = record({
  owner: pointer(16),
  type: 6,
  ttl: 900,
  rdata: octets(
    'ns.example.org.',
    'host.example.org.',
    uint32(1),
    uint32(2),
    uint32(3),
    uint32(4),
    uint32(30),
  ),
});
const rr = (
  type: string,
  rdata: Uint8Array,
  owner: string | Uint8Array = pointer(12),
  ttl = 300,
): Uint8Array => record({ owner, type: typeCode(type) ?? 0, rdata, ttl });
const reply = (name: string, spec: MessageSpec): Packet => ({
  name: `reply ${name}`,
  octets: message({ flags: QR | RD | RA, ...spec }),
});
const addresses = (count: number, owner?: string): Uint8Array[] =>
  Array.from({ length: count }, (_, index) =>
    rr('A', octets(10, 0, index >>> 8, index), owner, 30 + (index % 3)),
  );

/** Names of ever more labels, each a label and a pointer to the one before. */
function chainOfPointers(length: number): Uint8Array[] {
  let previous = 12;
  let offset = 12 + question('www.example.org.').length;
  return Array.from({ length }, () => {
    const one = rr('A', octets(1, 2, 3, 4), octets(1, 0x61, pointer(previous)));
    previous = offset;
    offset += one.length;
    return one;
  });
}

function largeReply(): Uint8Array {
  const builder = new MessageBuilder(QR | RA).question(octets('www.example.org.'), 16, 1);
  for (let index = 0; index < 220; index++) {
    builder.record(
      SECTION_ANSWER,
      octets('www.example.org.'),
      16,
      1,
      60,
      octets(text('x'.repeat(index)), text('y')),
    );
  }
  builder.record(SECTION_AUTHORITY, octets('example.org.'), 2, 1, 60, octets('ns.example.org.'));
  builder.record(SECTION_ADDITIONAL, octets('ns.example.org.'), 1, 1, 60, octets(1, 2, 3, 4));
  return builder.finish();
}

export const REPLIES: readonly Packet[] = [
  reply('of one address', { flags: QR | AA | RD | RA, answer: addresses(1) }),
  reply('of an address and an OPT', { answer: addresses(1), additional: [opt()] }),
  reply('of 100 addresses', { answer: addresses(100) }),
  reply('of an alias chain', {
    answer: [
      rr('CNAME', octets('b.example.org.')),
      rr('CNAME', octets('c.'), 'b.example.org.'),
      ...addresses(2, 'c.'),
    ],
  }),
  reply('of an alias to itself', { answer: [rr('CNAME', pointer(12))], authority: [soa] }),
  reply('NXDOMAIN', { flags: QR | RA | AD | 3, authority: [soa], additional: [opt(octets(), 0x8000)] }),
  reply('NODATA', { authority: [soa] }),
  reply('of a delegation', {
    authority: [rr('NS', octets('ns.b.'), 'b.')],
    additional: addresses(3, 'ns.b.'),
  }),
  reply('of services', {
    question: question('_x._tcp.example.org.', 33),
    answer: [0, 1, 2].map((index) => rr('SRV', octets(0, 1, 0, 2, 0, 53, `pod-${index}.example.org.`))),
    additional: [0, 1, 2].flatMap((index) => addresses(2, `pod-${index}.example.org.`)),
  }),
  reply('of services with compressed targets', {
    answer: [rr('SRV', octets(new Uint8Array(6), pointer(16)))],
  }),
  reply('of mail exchangers', {
    answer: [rr('MX', octets(0, 1, pointer(12))), rr('MX', octets(0, 2, 1, 0x6d, pointer(16)))],
  }),
  reply('of many texts', {
    answer: [rr('TXT', octets(text('v=1'), text(''))), rr('TXT', octets(text('\u00ff\u0000')))],
  }),
  reply('with signatures', {
    answer: [
      rr('A', octets(1, 2, 3, 4)),
      rr('RRSIG', octets(uint16(1), new Uint8Array(16), pointer(16), new Uint8Array(64))),
    ],
    authority: [rr('NSEC', octets(pointer(12), 0, 1, 0x40)), rr('NSEC3', octets(1, 0, 0, 1, 0, 1, 7))],
  }),
  reply('of HTTPS', { answer: [rr('HTTPS', octets(0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32))] }),
  reply('of NAPTR and RP', {
    answer: [
      rr('NAPTR', octets(0, 1, 0, 1, text('s'), text(''), text(''), pointer(16))),
      rr('RP', octets(pointer(12), 0)),
    ],
  }),
  reply('of an unknown type', { answer: [rr('TYPE65280', octets(0xc0, 0x0c, 1, 2, 3))] }),
  reply('of the root', {
    question: question('.', 2),
    answer: [rr('NS', octets('a.root-servers.net.'), '.')],
  }),
  reply('truncated', { flags: QR | TC | RA, answer: addresses(3) }),
  reply('SERVFAIL with an error', {
    flags: QR | RA | 2,
    additional: [opt(option(15, octets(0, 22, Buffer.from('no'))))],
  }),
  reply('with its OPT in the middle', { answer: addresses(1), additional: [opt(), ...addresses(2, 'x.')] }),
  reply('with two OPTs', { additional: [opt(), opt()] }),
  reply('with OPT and signature', { answer: addresses(1), additional: [opt(), tsig] }),
  reply('with names behind names', { answer: chainOfPointers(38) }),
  reply('with more pointers than are followed', { answer: chainOfPointers(60) }),
  reply('in full, longer than 512 octets', {
    answer: Array.from({ length: 20 }, () => rr('CNAME', octets('target.example.org.'), 'Www.example.org.')),
  }),
  { name: 'reply of 30 KiB', octets: largeReply() },
];

export const PACKETS: readonly Packet[] = [...QUERIES, ...REPLIES];
