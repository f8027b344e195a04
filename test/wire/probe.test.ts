import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeId } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { PROBE_NAME, isProbe, probeAnswer, probeQuestion, readProbeAnswer } from '../../src/wire/probe.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { CLASS_CH, CLASS_IN, TYPE_A, TYPE_TXT } from '../../src/wire/registry.ts';
import { octets, record, uint16 } from './raw-message.ts';

const ID = 0x1234;
const ANSWERED = 0x8000;

const strings = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(texts.map((text) => Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1')));

const PAIRS = strings('id=a-1', 'state=serving', 'v=1');

interface Spec {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: number;
  readonly answers?: number;
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  readonly records?: readonly Uint8Array[];
}

/** An answer, right in everything that is not said. */
function answer(spec: Spec = {}): Uint8Array {
  const { records = [record({ type: TYPE_TXT, class: CLASS_CH, ttl: 0, rdata: PAIRS })] } = spec;
  return octets(
    uint16(spec.id ?? ID),
    uint16(spec.flags ?? ANSWERED),
    uint16(spec.questions ?? 1),
    uint16(spec.answers ?? records.length),
    uint16(0),
    uint16(0),
    spec.name ?? 'probe.nodelocaldns.',
    uint16(spec.type ?? TYPE_TXT),
    uint16(spec.class ?? CLASS_CH),
    ...records,
  );
}

const withStrings = (...texts: readonly string[]): Uint8Array =>
  answer({ records: [record({ type: TYPE_TXT, class: CLASS_CH, rdata: strings(...texts) })] });

const read = (message: Uint8Array): ReturnType<typeof readProbeAnswer> =>
  readProbeAnswer(message, message.length, ID);

describe('the question', () => {
  it('is one that a server reads as the probe', () => {
    const query = new QueryMessage();
    const message = probeQuestion(ID);
    expect(query.read(message, message.length)).toBe(true);
    expect(query).toMatchObject({ id: ID, type: TYPE_TXT, class: CLASS_CH, hasOpt: false, flags: 0 });
    expect(isProbe(message.subarray(12), query.nameLength, query.type, query.class)).toBe(true);
  });

  it.each([
    ['another class', 'probe.nodelocaldns.', TYPE_TXT, CLASS_IN],
    ['another type', 'probe.nodelocaldns.', TYPE_A, CLASS_CH],
    ['a name below', 'x.probe.nodelocaldns.', TYPE_TXT, CLASS_CH],
    ['a name of the same length', 'prude.nodelocaldns.', TYPE_TXT, CLASS_CH],
    ['other labels of the same letters', 'probe-nodelocaldns.', TYPE_TXT, CLASS_CH],
  ])('is not %s', (_what, text, type, klass) => {
    const name = nameFromText(text);
    expect(isProbe(name, name.length, type, klass)).toBe(false);
  });
});

describe('the answer', () => {
  it.each(['serving', 'draining'] as const)('says who gives it and that it is %s', (state) => {
    const message = probeAnswer('0123-abcXYZ', state);
    writeId(message, ID);
    expect(messageIsSound(message, message.length, nameScratch())).toBe(true);
    expect(read(message)).toEqual({ instance: '0123-abcXYZ', state });
  });

  it('is taken with the longest name of a server', () => {
    const instance = 'x'.repeat(64);
    const message = probeAnswer(instance, 'serving');
    writeId(message, ID);
    expect(read(message)).toEqual({ instance, state: 'serving' });
  });

  it('is taken as it is laid out in the contract', () => {
    expect(read(answer())).toEqual({ instance: 'a-1', state: 'serving' });
  });

  it.each<[string, Uint8Array]>([
    ['the question in another case', answer({ name: 'PROBE.nodeLOCALdns.' })],
    ['flags that say nothing here (AA, RD, RA, AD)', answer({ flags: ANSWERED | 0x05a0 })],
    ['keys in another order', withStrings('v=1', 'state=serving', 'id=a-1')],
    ['keys of a later version', withStrings('id=a-1', 'load=0.5', 'state=serving', 'v=1', 'empty=')],
    ['octets behind it', octets(answer(), 1, 2, 3)],
  ])('is taken with %s', (_what, message) => {
    expect(read(message)).toEqual({ instance: 'a-1', state: 'serving' });
  });

  it('is told apart in a state that we do not know', () => {
    expect(read(withStrings('id=a', 'state=warming', 'v=1'))).toEqual({ instance: 'a', state: 'other' });
  });

  it.each<[string, Uint8Array]>([
    ['another id', answer({ id: ID + 1 })],
    ['a query', answer({ flags: 0 })],
    ['truncated', answer({ flags: ANSWERED | 0x0200 })],
    ['another opcode', answer({ flags: ANSWERED | 0x2000 })],
    ['SERVFAIL', answer({ flags: ANSWERED | 2 })],
    ['REFUSED', answer({ flags: ANSWERED | 5 })],
    ['no question', answer({ questions: 0 })],
    ['two questions', answer({ questions: 2 })],
    ['the question of another name', answer({ name: 'prude.nodelocaldns.' })],
    ['the question in class IN', answer({ class: CLASS_IN })],
    ['the question for an address', answer({ type: TYPE_A })],
    ['no record', answer({ records: [] })],
    [
      'two records',
      answer({ records: [1, 2].map(() => record({ type: TYPE_TXT, class: CLASS_CH, rdata: PAIRS })) }),
    ],
    ['a record that is not there', answer({ records: [], answers: 1 })],
    ['a record of another type', answer({ records: [record({ type: 99, class: CLASS_CH, rdata: PAIRS })] })],
    [
      'a record of class IN',
      answer({ records: [record({ type: TYPE_TXT, class: CLASS_IN, rdata: PAIRS })] }),
    ],
    [
      'a record of another name',
      answer({ records: [record({ owner: 'x.', type: TYPE_TXT, class: CLASS_CH, rdata: PAIRS })] }),
    ],
    ['no strings', answer({ records: [record({ type: TYPE_TXT, class: CLASS_CH, rdata: octets() })] })],
    [
      'a string that runs over the record',
      answer({ records: [record({ type: TYPE_TXT, class: CLASS_CH, rdata: octets(PAIRS, 9, 0x61) })] }),
    ],
    ['no id', withStrings('state=serving', 'v=1')],
    ['an empty id', withStrings('id=', 'state=serving', 'v=1')],
    ['an id too long', withStrings(`id=${'x'.repeat(65)}`, 'state=serving', 'v=1')],
    ['an id that is no name', withStrings('id=a b', 'state=serving', 'v=1')],
    ['no state', withStrings('id=a-1', 'v=1')],
    ['no version', withStrings('id=a-1', 'state=serving')],
    ['another version', withStrings('id=a-1', 'state=serving', 'v=2')],
    ['a key twice', withStrings('id=a-1', 'state=draining', 'state=serving', 'v=1')],
    ['a string without key', withStrings('id=a-1', 'state=serving', 'v=1', 'x')],
    ['an empty key', withStrings('id=a-1', 'state=serving', 'v=1', '=x')],
    ['a header and no more', answer().subarray(0, 12)],
    ['less than a header', answer().subarray(0, 11)],
    ['nothing', octets()],
  ])('is not taken: %s', (_what, message) => {
    expect(read(message)).toBeUndefined();
  });

  it('is not taken when it is cut anywhere', () => {
    const message = answer();
    for (let length = 0; length < message.length; length++) {
      expect(readProbeAnswer(message, length, ID)).toBeUndefined();
    }
  });

  it('never makes a reader throw, whatever octets come', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat({ max: 80 }), (changed, cut) => {
        const message = answer();
        for (const [place, octet] of changed) message[place % message.length] = octet;
        const found = readProbeAnswer(message, Math.max(0, message.length - cut), ID);
        if (found !== undefined) expect(found.instance).toMatch(/^[0-9A-Za-z-]{1,64}$/);
      }),
    );
  });
});

it('has a name that no other than it is written as', () => {
  expect(Buffer.from(PROBE_NAME).toString('latin1')).toBe('\x05probe\x0cnodelocaldns\x00');
});
