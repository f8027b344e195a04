import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { rdataIsSound, RecordWalk, RECORD, nameScratch } from '../../src/wire/records.ts';
import {
  classCode,
  className,
  rcodeCode,
  rcodeName,
  recordType,
  typeCode,
  typeName,
} from '../../src/wire/registry.ts';
import { message, record } from './raw-message.ts';

const ALL_CODES = Array.from({ length: 0x1_0000 }, (_, code) => code);
const NAMED = ALL_CODES.filter((code) => recordType(code) !== undefined);

describe('record types', () => {
  it.each([
    [1, 'A'],
    [33, 'SRV'],
    [65, 'HTTPS'],
    [257, 'CAA'],
    [0, 'TYPE0'],
    [65_280, 'TYPE65280'],
    [65_535, 'TYPE65535'],
  ])('%d is %s', (code, name) => {
    expect(typeName(code)).toBe(name);
    expect(typeCode(name)).toBe(code);
  });

  it('have one name and one code each, both ways', () => {
    expect(ALL_CODES.filter((code) => typeCode(typeName(code)) !== code)).toEqual([]);
  });

  it('can be given by number where they have a name', () => {
    expect(typeCode('TYPE1')).toBe(1);
  });

  it.each([
    '',
    'a',
    'Aaaa',
    'TYPE',
    'TYPE65536',
    'TYPE-1',
    'TYPE1x',
    'TYPE 1',
    'TYPE1.0',
    'type1',
    'CLASS1',
    'toString',
  ])('"%s" is none', (name) => {
    expect(typeCode(name)).toBeUndefined();
  });

  it('have the codes that dns2 knows', () => {
    const known = Object.entries(Packet.TYPE).filter(([name]) => typeCode(name) !== undefined);
    expect(known.length).toBeGreaterThan(20);
    for (const [name, code] of known) expect(typeCode(name), name).toBe(code);
  });

  it('may be compressed in RDATA only where RFC 1035 defines them (RFC 3597 section 4)', () => {
    const compressible = NAMED.filter((code) => recordType(code)?.compressible);
    expect(compressible.map((code) => typeName(code))).toEqual(
      'NS MD MF CNAME SOA MB MG MR PTR MINFO MX'.split(' '),
    );
  });

  it('have layouts of known letters, of which those that run to the end stand last', () => {
    for (const code of NAMED) {
      expect(recordType(code)?.layout, typeName(code)).toMatch(/^[46nbhws]*[S*]?$/);
    }
  });

  it('decompress the names that RFC 3597 section 4 lists', () => {
    for (const name of 'RP AFSDB RT SIG PX NXT NAPTR SRV'.split(' ')) {
      expect(recordType(typeCode(name) ?? 0)?.layout, name).toContain('n');
    }
  });

  it('that are not known are sound whatever they hold', () => {
    const bytes = message({ answer: [record({ type: 65_280, rdata: new Uint8Array(3) })] });
    const walk = new RecordWalk();
    walk.start(bytes, bytes.length);
    expect(walk.next()).toBe(RECORD);
    expect(rdataIsSound(walk, nameScratch())).toBe(true);
  });
});

describe('classes', () => {
  it.each([
    [1, 'IN'],
    [3, 'CH'],
    [254, 'NONE'],
    [255, 'ANY'],
    [0, 'CLASS0'],
    [42, 'CLASS42'],
    [65_535, 'CLASS65535'],
  ])('%d is %s', (code, name) => {
    expect(className(code)).toBe(name);
    expect(classCode(name)).toBe(code);
  });

  it.each(['', 'in', 'CLASS', 'CLASS65536', 'TYPE1', 'constructor'])('"%s" is none', (name) => {
    expect(classCode(name)).toBeUndefined();
  });
});

describe('rcodes', () => {
  it.each([
    [0, 'NOERROR'],
    [3, 'NXDOMAIN'],
    [5, 'REFUSED'],
    [10, 'NOTZONE'],
    [16, 'BADSIG'],
    [23, 'BADCOOKIE'],
  ])('%d is %s', (code, name) => {
    expect(rcodeName(code)).toBe(name);
    expect(rcodeCode(name)).toBe(code);
  });

  it('have no name where nobody has given them one', () => {
    expect(rcodeName(12)).toBeUndefined();
    expect(rcodeName(0xfff)).toBeUndefined();
    expect(rcodeCode('nxdomain')).toBeUndefined();
    expect(rcodeCode('')).toBeUndefined();
  });
});
