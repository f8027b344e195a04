import { describe, expect, it } from 'vitest';
import { copyReturnControl } from '../../src/datagram/packet-info.ts';

/** A `cmsghdr` with what the kernel tells of a datagram's destination. */
function control(level: number, type: number, content: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64LE(BigInt(16 + content.length), 0);
  header.writeUInt32LE(level, 8);
  header.writeUInt32LE(type, 12);
  // Behind it stands what was left there before.
  return Buffer.concat([header, content, Buffer.alloc(64, 0xee)]);
}

const IPV4 = control(0, 8, Buffer.from('02000000c0000201c0000201', 'hex'));
const ipv6 = (address: string): Buffer =>
  control(41, 50, Buffer.concat([Buffer.from(address, 'hex'), Buffer.from('03000000', 'hex')]));
const GLOBAL = '20010db8000000000000000000000001';
const LINK_LOCAL = 'fe800000000000000000000000000001';

function copied(received: Buffer, octets: number): { length: number; content: string } {
  const out = new Uint8Array(64);
  const length = copyReturnControl(received, octets, out);
  return { length, content: Buffer.from(out.subarray(16, length)).toString('hex') };
}

describe('the way back of a datagram', () => {
  it('is the IPv4 address that was asked, whichever interface it came by', () => {
    expect(copied(IPV4, 32)).toEqual({
      length: 32,
      content: '00000000c0000201c000020100000000'.slice(0, 24) + 'eeeeeeee',
    });
  });

  it('is the IPv6 address that was asked, whichever interface it came by', () => {
    expect(copied(ipv6(GLOBAL), 40)).toEqual({ length: 40, content: `${GLOBAL}00000000eeeeeeee` });
  });

  it('keeps the interface of a link-local address, which means nothing without', () => {
    expect(copied(ipv6(LINK_LOCAL), 40)).toEqual({ length: 40, content: `${LINK_LOCAL}03000000eeeeeeee` });
  });

  it.each([
    { what: 'nothing', received: IPV4, octets: 0 },
    { what: 'too little', received: IPV4, octets: 31 },
    { what: 'too little for IPv6', received: ipv6(GLOBAL), octets: 39 },
  ])('is left to the system where it was told $what', ({ received, octets }) => {
    expect(copied(received, octets)).toEqual({ length: 0, content: '' });
  });
});
