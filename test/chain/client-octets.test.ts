import { expect, it } from 'vitest';
import { clientOctets } from '../../src/chain/client-octets.ts';

it.each([
  ['192.0.2.7', [192, 0, 2, 7]],
  ['::ffff:192.0.2.7', [192, 0, 2, 7]],
  ['::1', [...new Uint8Array(15), 1]],
  ['fe80::1%eth0', [0xfe, 0x80, ...new Uint8Array(13), 1]],
  ['', []],
])('a client at "%s"', (clientAddress, octets) => {
  expect([...clientOctets({ clientAddress })]).toEqual(octets);
});
