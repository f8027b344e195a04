import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { Reply } from '../../../src/chain/outcome.ts';
import { parseIpAddress } from '../../../src/plugins/hosts/ip-address.ts';
import { nameKey } from '../../../src/plugins/hosts/name-key.ts';
import { AnswerStore, compileAnswer, loadCodec } from '../../../src/plugins/hosts/static-answer.ts';
import type { StaticAnswer } from '../../../src/plugins/hosts/static-answer.ts';
import { MessageBuilder } from '../../../src/wire/builder.ts';
import { AA, QR, SECTION_ANSWER, readUint32 } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { CLASS_IN, TYPE_A, TYPE_AAAA, TYPE_PTR } from '../../../src/wire/registry.ts';
import { decode } from '../../support/query.ts';

const codec = await loadCodec();
const addressText = (text: string): string => parseIpAddress(text)?.text ?? '';
const key = (name: string): string => nameKey(name) ?? '';

const answerOf = (octets: number): StaticAnswer => ({
  message: new Uint8Array(octets),
  ttlOffsets: new Uint16Array(0),
});

const answerLines = (answer: StaticAnswer): string[] => decode(new Reply(answer.message, 'hosts')).answer;

describe('compileAnswer', () => {
  // What wire makes of RDATA written by hand is the measure: dns2 has been wrong about addresses and names before.
  it.each([
    ['A', TYPE_A, [addressText('192.0.2.1'), addressText('255.0.0.254')], ['c0000201', 'ff0000fe']],
    [
      'AAAA',
      TYPE_AAAA,
      ['::', '::1', 'fe80::', '1::2:0:0:3', '2001:db8::a0b:c0d', '64:ff9b::192.0.2.1'].map(addressText),
      [
        '00000000000000000000000000000000',
        '00000000000000000000000000000001',
        'fe800000000000000000000000000000',
        '00010000000000000002000000000003',
        '20010db800000000000000000a0b0c0d',
        '0064ff9b0000000000000000c0000201',
      ],
    ],
    [
      'PTR',
      TYPE_PTR,
      [key('a.example.org'), key('example.org'), key('\u00e9.test'), key('x')],
      ['0161076578616d706c65036f726700', '076578616d706c65036f726700', '02c3a9047465737400', '017800'],
    ],
  ])('writes the octets of %s records that the RFCs ask for', (_name, type, values, rdata) => {
    const owner = nameFromText('a.example.org');
    const builder = new MessageBuilder(QR | AA).question(owner, type, CLASS_IN);
    for (const hex of rdata) {
      builder.record(SECTION_ANSWER, owner, type, CLASS_IN, 300, Buffer.from(hex, 'hex'));
    }
    const { message } = compileAnswer(codec, owner, type, 300, values);
    expect(Buffer.from(message).toString('hex')).toBe(Buffer.from(builder.finish()).toString('hex'));
  });

  it('says what dns2 says when it writes the whole message', () => {
    const { message } = compileAnswer(codec, nameFromText('a.test'), TYPE_A, 60, ['192.0.2.1', '192.0.2.2']);
    const packet = new Packet();
    packet.header = new Packet.Header({ qr: 1, aa: 1 });
    packet.questions.push(new Packet.Question('a.test', TYPE_A, CLASS_IN));
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      packet.answers.push(
        new Packet.Resource({ name: 'a.test', type: TYPE_A, class: CLASS_IN, ttl: 60, address }),
      );
    }
    expect(Buffer.from(message)).toEqual(packet.toBuffer());
  });

  it('makes an empty answer of no values', () => {
    const { message, ttlOffsets } = compileAnswer(codec, nameFromText('a.test'), 16, 60, []);
    expect(decode(new Reply(message, 'hosts'))).toMatchObject({
      rcode: 0,
      authoritative: true,
      question: 'a.test. IN TXT',
      answer: [],
      authority: [],
    });
    expect(ttlOffsets).toHaveLength(0);
  });

  it('tells where the TTLs stand', () => {
    const answer = compileAnswer(codec, nameFromText('a.test'), TYPE_A, 77, ['192.0.2.1', '192.0.2.2']);
    expect([...answer.ttlOffsets].map((offset) => readUint32(answer.message, offset))).toEqual([77, 77]);
  });

  it('says each value once', () => {
    const answer = compileAnswer(codec, nameFromText('a.test'), TYPE_A, 1, ['192.0.2.1', '192.0.2.1']);
    expect(answerLines(answer)).toEqual(['a.test. 1 IN A 192.0.2.1']);
  });

  it('stops where a message ends, and says that records are missing', () => {
    let taken = 0;
    function* manyNames(): Generator<string> {
      for (taken = 0; taken < 1_000_000; taken++) yield key(`host-${taken}.example.org`);
    }
    const { message } = compileAnswer(codec, nameFromText('0.0.0.0.in-addr.arpa'), TYPE_PTR, 1, manyNames());
    const reply = new Reply(message, 'hosts');
    expect(reply.truncated).toBe(true);
    expect(message.length).toBeLessThanOrEqual(65_535);
    expect(decode(reply).answer).toHaveLength(taken);
    expect(taken).toBeGreaterThan(1000);
  });
});

describe('AnswerStore', () => {
  it('keeps answers by their question', () => {
    const store = new AnswerStore();
    const kept = answerOf(100);
    store.set('a', kept);
    expect(store.get('a')).toBe(kept);
    expect(store.get('b')).toBeUndefined();
  });

  it('forgets what was asked least recently, instead of growing without end', () => {
    const store = new AnswerStore();
    for (let i = 0; i < 100; i++) {
      store.set(String(i), answerOf(60_000));
      store.get('0');
    }
    const kept = Array.from({ length: 100 }, (_, i) => store.get(String(i))).filter(
      (found) => found !== undefined,
    );
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length * 60_000).toBeLessThan(4.2 * 1024 * 1024);
    expect(store.get('0')).toBeDefined();
    expect(store.get('1')).toBeUndefined();
  });
});
