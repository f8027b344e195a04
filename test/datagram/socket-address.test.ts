import { describe, expect, it } from 'vitest';
import {
  addressOctets,
  ipTextOf,
  isIpv6Address,
  portOf,
  socketAddress,
} from '../../src/datagram/socket-address.ts';

describe('a socket address', () => {
  it.each([
    { address: '127.0.0.1', hex: '020014e97f0000010000000000000000', ipv6: false },
    { address: '0.0.0.0', hex: '020014e9000000000000000000000000', ipv6: false },
    {
      address: '2001:db8::1',
      hex: '0a0014e90000000020010db800000000000000000000000100000000',
      ipv6: true,
    },
    { address: '::', hex: '0a0014e9000000000000000000000000000000000000000000000000', ipv6: true },
  ])('is what the kernel wants to see, and can be read back: $address', ({ address, hex, ipv6 }) => {
    const made = socketAddress(address, 5353, 0);
    expect(Buffer.from(made).toString('hex')).toBe(hex);
    expect(portOf(made)).toBe(5353);
    expect(isIpv6Address(made)).toBe(ipv6);
    expect(addressOctets(made)).toBe(made.length);
    expect(ipTextOf(made)).toBe(address);
  });

  it('has the number of its interface where it is link-local', () => {
    const made = socketAddress('fe80::1', 53, 7);
    expect(Buffer.from(made).toString('hex', 24)).toBe('07000000');
    expect(ipTextOf(made)).toBe('fe80::1%7');
  });

  it('is read where it stands in a larger buffer', () => {
    const around = new Uint8Array(64);
    around.set(socketAddress('fe80::2', 53, 9), 20);
    expect(ipTextOf(around.subarray(20, 48))).toBe('fe80::2%9');
  });

  it.each(['localhost', '', '127.0.0.1:53', '::1%lo'])(
    'is made of nothing but an IP address: "%s"',
    (text) => {
      expect(() => socketAddress(text, 53, 0)).toThrow(
        new RangeError(`expected an IP address, found "${text}"`),
      );
    },
  );
});
