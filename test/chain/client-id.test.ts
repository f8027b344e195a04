import { describe, expect, it } from 'vitest';
import { clientIdFromText, clientIdOf } from '../../src/chain/client-id.ts';
import { ipv6FromText } from '../../src/base/ip-address.ts';

describe('a client', () => {
  it('is the same from octets and from text', () => {
    const octets = ipv6FromText('2001:db8::7') ?? new Uint8Array(0);
    expect(clientIdFromText('2001:db8::7')).toBe(clientIdOf(octets, 0, 16));
    expect(clientIdFromText('2001:0db8:0:0::7')).toBe(clientIdFromText('2001:db8::7'));
    expect(clientIdFromText('203.0.113.255')).toBe(clientIdOf(Uint8Array.of(9, 203, 0, 113, 255), 1, 4));
  });

  it.each([
    ['another IPv4 address', '10.0.0.1', '10.0.0.2'],
    ['another one of the same /64, which all pods of a node share', '2001:db8::1', '2001:db8::2'],
    ['another family', '0.0.0.1', '::1'],
    ['no address', '', '0.0.0.0'],
  ])('is not %s', (_what, one, other) => {
    expect(clientIdFromText(one)).not.toBe(clientIdFromText(other));
  });

  it('on a link is the same on whichever interface it is seen', () => {
    expect(clientIdFromText('fe80::1%eth0')).toBe(clientIdFromText('fe80::1'));
  });
});
