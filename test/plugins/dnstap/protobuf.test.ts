/** Octets are those of the encoding's own guide (https://protobuf.dev/programming-guides/encoding/), or worked out by hand. */
import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from '../../../src/plugins/dnstap/protobuf.ts';

function written(write: (out: ProtobufWriter) => void): string {
  const out = new ProtobufWriter();
  write(out);
  return out.written.toString('hex');
}

describe('a field of Protocol Buffers', () => {
  it.each([
    ['the guide’s 150 in field 1', 1, 150, '089601'],
    ['nothing', 1, 0, '0800'],
    ['the most that one octet holds', 2, 127, '107f'],
    ['the least that needs two', 2, 128, '108001'],
    ['the least field whose key needs two', 16, 1, '800101'],
    ['a time of day, in seconds', 8, 1_700_000_000, '4080e2cfaa06'],
    ['more than 32 bits', 1, 0x1_0000_0000, '088080808010'],
    ['the most that a number holds', 1, Number.MAX_SAFE_INTEGER, '08ffffffffffffff0f'],
  ])('is a varint: %s', (_name, field, value, hex) => {
    expect(written((out) => out.integer(field, value))).toBe(hex);
  });

  it('is 32 bits, the lowest octet first', () => {
    expect(written((out) => out.fixed32(9, 0x0102_0304))).toBe('4d04030201');
    expect(written((out) => out.fixed32(13, 0xffff_ffff))).toBe('6dffffffff');
  });

  it('is octets behind their number: the guide’s "testing" in field 2', () => {
    expect(written((out) => out.bytes(2, Buffer.from('testing')))).toBe('120774657374696e67');
    expect(written((out) => out.bytes(3, new Uint8Array(0)))).toBe('1a00');
  });

  it('may be longer than what was written before, and leaves that as it was', () => {
    const long = Buffer.alloc(65_535, 7);
    const out = new ProtobufWriter();
    out.integer(1, 5);
    out.bytes(14, long);
    out.integer(15, 1);
    expect(out.written.subarray(0, 6).toString('hex')).toBe('080572ffff03');
    expect(out.written.subarray(6, -2).equals(long)).toBe(true);
    expect(out.written.subarray(-2).toString('hex')).toBe('7801');
  });

  it('stands alone after what was there is cleared', () => {
    const out = new ProtobufWriter();
    out.bytes(2, Buffer.from('testing'));
    out.clear();
    out.integer(1, 1);
    expect(out.written.toString('hex')).toBe('0801');
  });
});
