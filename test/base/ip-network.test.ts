import { describe, expect, it } from 'vitest';
import { ipv4FromText, ipv6FromText } from '../../src/base/ip-address.ts';
import { ipNetworkFromText, ipNetworkToText, isInNetwork } from '../../src/base/ip-network.ts';

const contains = (network: string, address: string): boolean => {
  const octets = ipv4FromText(address) ?? ipv6FromText(address) ?? new Uint8Array(0);
  // In the middle of other octets, as in a message.
  const message = Uint8Array.of(1, 2, 3, ...octets, 255);
  return isInNetwork(ipNetworkFromText(network), message, 3, octets.length);
};

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.7/32', '192.0.2.7', true],
    ['192.0.2.7/32', '192.0.2.6', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['::/0', '2001:db8::1', true],
    ['::/0', '192.0.2.1', false],
  ])('%s has the address %s: %s', (network, address, isIn) => {
    expect(contains(network, address)).toBe(isIn);
  });

  it('drops the bits behind its prefix', () => {
    expect(ipNetworkToText(ipNetworkFromText('10.1.2.3/9'))).toBe('10.0.0.0/9');
    expect(ipNetworkToText(ipNetworkFromText('64:ff9b::1/96'))).toBe('64:ff9b::/96');
  });

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'x/8',
    '10.0.0.0/8/8',
  ])('is not "%s"', (text) => {
    expect(() => ipNetworkFromText(text)).toThrow(new RangeError(`invalid CIDR address: ${text}`));
  });
});
