/**
 * The 12 octets that open every DNS message (RFC 1035 section 4.1.1), read and written at offsets of the message itself.
 * Nothing here checks bounds: callers have made sure of `HEADER_OCTETS` before they ask. Which headers are served at all is decided in
 * `screen.ts`.
 */

export const HEADER_OCTETS = 12;

/** Flag bits of the second 16-bit word, in the order in which they stand (RFC 1035 4.1.1, RFC 4035 3.1.6 and 3.2). */
export const QR = 0x8000;
export const AA = 0x0400;
export const TC = 0x0200;
export const RD = 0x0100;
export const RA = 0x0080;
export const AD = 0x0020;
export const CD = 0x0010;

export const OPCODE_QUERY = 0;

export function readUint16(message: Uint8Array, offset: number): number {
  return (message[offset] << 8) | message[offset + 1];
}

export function readUint32(message: Uint8Array, offset: number): number {
  return (
    ((message[offset] << 24) |
      (message[offset + 1] << 16) |
      (message[offset + 2] << 8) |
      message[offset + 3]) >>>
    0
  );
}

export function writeUint16(message: Uint8Array, offset: number, value: number): void {
  message[offset] = value >>> 8;
  message[offset + 1] = value;
}

export function writeUint32(message: Uint8Array, offset: number, value: number): void {
  message[offset] = value >>> 24;
  message[offset + 1] = value >>> 16;
  message[offset + 2] = value >>> 8;
  message[offset + 3] = value;
}

export const readId = (message: Uint8Array): number => readUint16(message, 0);
export const writeId = (message: Uint8Array, id: number): void => writeUint16(message, 0, id);

/** All of the second word: flags, opcode and the low four bits of the rcode. */
export const readFlags = (message: Uint8Array): number => readUint16(message, 2);
export const writeFlags = (message: Uint8Array, flags: number): void => writeUint16(message, 2, flags);

export const opcodeOf = (flags: number): number => (flags >>> 11) & 0xf;
export const rcodeOf = (flags: number): number => flags & 0xf;

/** The four sections, as indexes of the counts in the header. */
export const SECTION_QUESTION = 0;
export const SECTION_ANSWER = 1;
export const SECTION_AUTHORITY = 2;
export const SECTION_ADDITIONAL = 3;

/** How many entries the header claims for a section: a hint, never a size to allocate by. */
export const readCount = (message: Uint8Array, section: number): number =>
  readUint16(message, 4 + 2 * section);
export const writeCount = (message: Uint8Array, section: number, count: number): void =>
  writeUint16(message, 4 + 2 * section, count);
