import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import {
  OPT_OCTETS,
  isOpt,
  optDnssecOk,
  optExtendedRcode,
  optOctets,
  optOwnerIsRoot,
  optUdpSize,
  optVersion,
  optionsAreSound,
  writeOpt,
} from '../../src/wire/edns.ts';
import type { ExtendedError } from '../../src/wire/edns.ts';
import { SECTION_ADDITIONAL, writeCount } from '../../src/wire/header.ts';
import { RecordWalk } from '../../src/wire/records.ts';
import { BADVERS, TYPE_A, TYPE_OPT } from '../../src/wire/registry.ts';
import { hex, message, octets, record, uint16 } from './raw-message.ts';

/** A walk that stands on the one additional record of a message. */
function walkTo(bytes: Uint8Array): RecordWalk {
  const walk = new RecordWalk();
  walk.start(bytes, bytes.length);
  walk.next();
  return walk;
}

const option = (code: number, data: Uint8Array, length = data.length): Uint8Array =>
  octets(uint16(code), uint16(length), data);
const optWalk = (rdata: Uint8Array, ttl = 0): RecordWalk =>
  walkTo(message({ additional: [record({ owner: '.', type: TYPE_OPT, class: 1232, ttl, rdata })] }));

describe('an OPT', () => {
  it('holds size, extended rcode, version and DO in class and TTL (RFC 6891 section 6.1.3)', () => {
    const walk = optWalk(octets(), 0xab01_8000);
    expect(isOpt(walk)).toBe(true);
    expect(optOwnerIsRoot(walk)).toBe(true);
    expect(optUdpSize(walk)).toBe(1232);
    expect(optExtendedRcode(walk)).toBe(0xab0);
    expect(optVersion(walk)).toBe(1);
    expect(optDnssecOk(walk)).toBe(true);
  });

  it('has DO in one bit; the other Z bits are ignored (section 6.1.4)', () => {
    expect(optDnssecOk(optWalk(octets(), 0x0000_7fff))).toBe(false);
    expect(optDnssecOk(optWalk(octets(), 0x0000_8000))).toBe(true);
  });

  it('is told from another record by its type, its owner by one octet', () => {
    expect(isOpt(walkTo(message({ additional: [record({ type: TYPE_A })] })))).toBe(false);
    const owned = walkTo(message({ additional: [record({ owner: 'a.', type: TYPE_OPT })] }));
    expect([isOpt(owned), optOwnerIsRoot(owned)]).toEqual([true, false]);
  });
});

describe('options', () => {
  it.each([
    ['none', octets()],
    ['one without data', option(3, octets())],
    ['one with data', option(10, new Uint8Array(8))],
    [
      'several, unknown ones and the same twice',
      octets(option(65_001, octets(1)), option(10, new Uint8Array(8)), option(10, new Uint8Array(8))),
    ],
    ['one that fills what is left', option(12, new Uint8Array(1200))],
    ['as many as a message can hold', octets(...Array.from({ length: 16_000 }, () => option(3, octets())))],
  ])('are sound: %s', (_what, rdata) => {
    expect(optionsAreSound(optWalk(rdata))).toBe(true);
  });

  it.each([
    ['one octet', octets(0)],
    ['three octets: no room for a length', octets(0, 3, 0)],
    ['an option that runs over the end by one octet', option(3, octets(1), 2)],
    ['an option that runs over the end by far', option(3, octets(), 65_535)],
    ['an octet behind the last one', octets(option(3, octets()), 0)],
    ['a second one that runs over the end', octets(option(3, octets()), option(3, octets(), 1))],
  ])('are not sound: %s', (_what, rdata) => {
    expect(optionsAreSound(optWalk(rdata))).toBe(false);
  });

  it('end where the RDATA ends, not where the message does', () => {
    // The option takes the first octets of the record behind the OPT.
    const rdata = option(3, octets(), 4);
    const bytes = message({ additional: [record({ owner: '.', type: TYPE_OPT, rdata }), record()] });
    expect(optionsAreSound(walkTo(bytes))).toBe(false);
  });
});

function written(rcode: number, dnssecOk: boolean, error?: ExtendedError): Uint8Array {
  const out = new Uint8Array(100).fill(0xee);
  const end = writeOpt(out, 5, 1232, rcode, dnssecOk, error);
  expect(end).toBe(5 + optOctets(error));
  expect([out[4], out[end]], 'the neighbours').toEqual([0xee, 0xee]);
  return out.slice(5, end);
}

describe('writing an OPT', () => {
  it.each([
    ['NOERROR', 0, false, '00 00 29 04 d0 00 00 00 00 00 00'],
    ['DO', 0, true, '00 00 29 04 d0 00 00 80 00 00 00'],
    ['an rcode of the header leaves no trace', 15, false, '00 00 29 04 d0 00 00 00 00 00 00'],
    ['BADVERS', BADVERS, false, '00 00 29 04 d0 01 00 00 00 00 00'],
    ['the largest rcode', 0xfff, true, '00 00 29 04 d0 ff 00 80 00 00 00'],
  ])('of %s', (_what, rcode, dnssecOk, wanted) => {
    expect(hex(written(rcode, dnssecOk))).toBe(wanted);
    expect(wanted.split(' ')).toHaveLength(OPT_OCTETS);
  });

  it('with an Extended DNS Error (RFC 8914 section 2)', () => {
    expect(hex(written(2, false, { code: 3, text: '' }))).toBe(
      '00 00 29 04 d0 00 00 00 00 00 06 00 0f 00 02 00 03',
    );
    expect(hex(written(2, false, { code: 0x1234, text: 'abc' }))).toBe(
      '00 00 29 04 d0 00 00 00 00 00 09 00 0f 00 05 12 34 61 62 63',
    );
  });

  it('over other octets leaves nothing of them', () => {
    const bytes = octets(message(), new Uint8Array(OPT_OCTETS).fill(0xff));
    writeCount(bytes, SECTION_ADDITIONAL, 1);
    writeOpt(bytes, bytes.length - OPT_OCTETS, 512, 0, false, undefined);
    const walk = walkTo(bytes);
    expect(walk).toMatchObject({ type: TYPE_OPT, class: 512, ttlSeconds: 0, rdataLength: 0 });
  });

  it('is read by dns2 as it was meant', () => {
    const opt = written(0, true, { code: 22, text: 'no upstream answers' });
    const bytes = octets(message(), opt);
    writeCount(bytes, SECTION_ADDITIONAL, 1);
    const packet = Packet.parse(Buffer.from(bytes));
    expect(packet.additionals).toMatchObject([
      {
        name: '',
        type: TYPE_OPT,
        class: 1232,
        rdata: [{ ednsCode: 15, infoCode: 22, extraText: 'no upstream answers' }],
      },
    ]);
  });
});
