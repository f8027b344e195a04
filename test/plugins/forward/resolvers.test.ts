/** Who is asked for the addresses of upstreams that are host names, and who is not. What a line may say is in `options.test.ts`. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isOurs, nodeResolvers } from '../../../src/plugins/forward/resolvers.ts';
import { tempFile } from '../../support/temp-file.ts';

it('without `resolver` the name servers of the node are asked', () => {
  const path = tempFile('search test\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver name\n', 'r');
  expect(nodeResolvers(path)).toEqual([
    { host: '192.0.2.1', port: 53 },
    { host: '2001:db8::1', port: 53 },
  ]);
});

it('without the file there is nobody to ask', () => {
  expect(nodeResolvers('/nowhere/resolv.conf')).toEqual([]);
});

const ours = (host: string, port: number, ...labels: string[]): boolean =>
  isOurs(
    { host, port },
    labels.map((label, index) => ({ index, label })),
  );

describe('a question comes back to this server', () => {
  it.each([
    { host: '169.254.20.10', port: 53, labels: ['dns://169.254.20.10:53'], comesBack: true },
    { host: '169.254.20.10', port: 5353, labels: ['dns://169.254.20.10:53'], comesBack: false },
    { host: '169.254.20.11', port: 53, labels: ['dns://169.254.20.10:53'], comesBack: false },
    { host: '10.0.0.10', port: 53, labels: ['dns://127.0.0.1:53', 'dns://10.0.0.10:53'], comesBack: true },
    { host: '2001:db8:0::1', port: 53, labels: ['dns://[2001:db8::1]:53'], comesBack: true },
    { host: '127.0.0.53', port: 53, labels: ['dns://:53'], comesBack: true },
    { host: '::1', port: 53, labels: ['dns://:53'], comesBack: true },
    { host: '192.0.2.1', port: 53, labels: ['dns://:53'], comesBack: false },
    { host: '127.0.0.53', port: 53, labels: [], comesBack: false },
  ])('$host port $port with $labels: $comesBack', ({ host, port, labels, comesBack }) => {
    expect(ours(host, port, ...labels)).toBe(comesBack);
  });

  it('by each address of the node where it listens on all', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    expect(addresses.length).toBeGreaterThan(0);
    for (const { address } of addresses) expect(ours(address, 53, 'dns://:53')).toBe(true);
  });
});
