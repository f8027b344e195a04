import { describe, expect, it } from 'vitest';
import {
  AA,
  AD,
  CD,
  HEADER_OCTETS,
  OPCODE_QUERY,
  QR,
  RA,
  RD,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  TC,
  opcodeOf,
  rcodeOf,
  readCount,
  readFlags,
  readId,
  readUint16,
  readUint32,
  writeCount,
  writeFlags,
  writeId,
  writeUint16,
  writeUint32,
} from '../../src/wire/header.ts';
import { hex } from './raw-message.ts';

describe('integers', () => {
  it.each([0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff])(
    '%d is 16 bits in network order',
    (value) => {
      const octets = Buffer.alloc(4, 0xaa);
      writeUint16(octets, 1, value);
      expect(octets.readUInt16BE(1)).toBe(value);
      expect(readUint16(octets, 1)).toBe(value);
      expect([octets[0], octets[3]], 'the neighbours').toEqual([0xaa, 0xaa]);
    },
  );

  it.each([0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])(
    '%d is 32 bits in network order and never negative',
    (value) => {
      const octets = Buffer.alloc(6, 0xaa);
      writeUint32(octets, 1, value);
      expect(octets.readUInt32BE(1)).toBe(value);
      expect(readUint32(octets, 1)).toBe(value);
      expect([octets[0], octets[5]], 'the neighbours').toEqual([0xaa, 0xaa]);
    },
  );
});

describe('the header', () => {
  it('has each field where RFC 1035 section 4.1.1 puts it', () => {
    const header = new Uint8Array(HEADER_OCTETS);
    writeId(header, 0x0102);
    writeFlags(header, 0x0304);
    writeCount(header, SECTION_QUESTION, 0x0506);
    writeCount(header, SECTION_ANSWER, 0x0708);
    writeCount(header, SECTION_AUTHORITY, 0x090a);
    writeCount(header, SECTION_ADDITIONAL, 0x0b0c);
    expect(hex(header)).toBe('01 02 03 04 05 06 07 08 09 0a 0b 0c');
    expect(readId(header)).toBe(0x0102);
    expect(readFlags(header)).toBe(0x0304);
    expect([0, 1, 2, 3].map((section) => readCount(header, section))).toEqual([
      0x0506, 0x0708, 0x090a, 0x0b0c,
    ]);
  });

  it('takes opcode and rcode out of any other bits', () => {
    expect(opcodeOf(0x8000 | (OPCODE_QUERY << 11) | 0x07ff)).toBe(OPCODE_QUERY);
    expect(opcodeOf(0x7800)).toBe(15);
    expect(opcodeOf(0x2800), 'UPDATE').toBe(5);
    expect(rcodeOf(0xfff0)).toBe(0);
    expect(rcodeOf(0x000f)).toBe(15);
    expect(rcodeOf(0x8183), 'NXDOMAIN').toBe(3);
  });

  it('has flags that do not overlap, nor touch opcode, Z and rcode', () => {
    const flags = [QR, AA, TC, RD, RA, AD, CD];
    expect(flags.reduce((sum, flag) => sum + flag, 0)).toBe(0x87b0);
    expect(flags.reduce((all, flag) => all | flag, 0)).toBe(0x87b0);
  });
});
