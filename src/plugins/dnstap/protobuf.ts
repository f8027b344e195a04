/**
 * As much of the wire format of Protocol Buffers as dnstap needs: fields of three kinds, written one behind the other into memory that is used
 * again for the next message. It knows nothing of what the fields mean, and does not read.
 */

/** The three low bits of a field's key (https://protobuf.dev/programming-guides/encoding/#structure). */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Of one varint of up to 2^53, and of one key. */
const MAX_VARINT_OCTETS = 8;
const MAX_KEY_OCTETS = 2;

const INITIAL_OCTETS = 1024;

export class ProtobufWriter {
  private octets = Buffer.allocUnsafeSlow(INITIAL_OCTETS);
  private length = 0;

  /** What was written since `clear`: a view, valid until the next call. */
  get written(): Buffer {
    return this.octets.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** An unsigned number or an enumeration. @param field 1 to 2047. @param value whole, 0 to 2^53 - 1 */
  integer(field: number, value: number): void {
    this.reserve(MAX_KEY_OCTETS + MAX_VARINT_OCTETS);
    this.key(field, VARINT);
    this.varint(value);
  }

  /** @param value 0 to 2^32 - 1 */
  fixed32(field: number, value: number): void {
    this.reserve(MAX_KEY_OCTETS + 4);
    this.key(field, FIXED_32);
    this.length = this.octets.writeUInt32LE(value, this.length);
  }

  /** Octets, text in UTF-8, or a message inside. */
  bytes(field: number, value: Uint8Array): void {
    this.reserve(MAX_KEY_OCTETS + MAX_VARINT_OCTETS + value.length);
    this.key(field, LENGTH_DELIMITED);
    this.varint(value.length);
    this.octets.set(value, this.length);
    this.length += value.length;
  }

  private key(field: number, kind: number): void {
    this.varint(field * 8 + kind);
  }

  /** Seven bits an octet, the lowest first; the highest bit says that more follow. */
  private varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.octets[this.length++] = (rest % 0x80) | 0x80;
    this.octets[this.length++] = rest;
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.octets.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.octets.length));
    this.octets.copy(grown, 0, 0, this.length);
    this.octets = grown;
  }
}
