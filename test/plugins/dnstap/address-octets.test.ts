import { expect, it } from 'vitest';
import { AddressOctets } from '../../../src/plugins/dnstap/address-octets.ts';

it('reads addresses of both families, and gives the same octets again', () => {
  const addresses = new AddressOctets();
  const first = addresses.of('192.0.2.1');
  expect([...first]).toEqual([192, 0, 2, 1]);
  expect(addresses.of('2001:db8::1')).toHaveLength(16);
  expect(addresses.of('nobody')).toHaveLength(0);
  expect(addresses.of('192.0.2.1')).toBe(first);
});

it('remembers no more than a node has clients, however many ask', () => {
  const addresses = new AddressOctets();
  const first = addresses.of('10.0.0.1');
  for (let i = 0; i < 512; i++) addresses.of(`10.1.${i >> 8}.${i & 0xff}`);
  expect(addresses.of('10.0.0.1')).not.toBe(first);
  expect([...addresses.of('10.0.0.1')]).toEqual([...first]);
});
