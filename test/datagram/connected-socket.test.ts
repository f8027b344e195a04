import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { openConnectedSocket } from '../../src/datagram/connected-socket.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import { splitScope } from '../../src/datagram/scope-id.ts';

const libc = await loadLibc().catch(() => undefined);

const open = (host: string, sourceAddress?: string) => {
  if (libc === undefined) throw new Error('there is nothing to test here');
  const socket = openConnectedSocket(libc, { host, port: 53, sourceAddress });
  libc.close(socket.fd);
  return socket;
};

describe.skipIf(libc === undefined)('a connected socket (where koffi works)', () => {
  it('has a port of the kernel, and the address that the route says', () => {
    const { localAddress, localPort } = open('127.0.0.1');
    expect(localAddress).toBe('127.0.0.1');
    expect(localPort).toBeGreaterThan(1023);
  });

  it('has the source address that it was given', () => {
    expect(open('127.0.0.1', '127.0.0.9').localAddress).toBe('127.0.0.9');
  });

  it.each([
    // RFC 5737: no address of this host.
    ['an address that is not ours', '127.0.0.1', '203.0.113.9', { code: 'EADDRNOTAVAIL', syscall: 'bind' }],
    ['another family', '127.0.0.1', '::1', { code: 'EAFNOSUPPORT' }],
    ['a name', 'localhost', undefined, { name: 'RangeError' }],
  ])('is refused for %s', (_what, host, source, error) => {
    expect(() => open(host, source)).toThrow(expect.objectContaining(error));
  });
});

describe('splitScope', () => {
  it('leaves an address without an interface as it is', () => {
    expect(splitScope('192.0.2.1')).toEqual({ bare: '192.0.2.1', scopeId: 0 });
    expect(splitScope('2001:db8::1')).toEqual({ bare: '2001:db8::1', scopeId: 0 });
  });

  it('takes the interface as a number', () => {
    expect(splitScope('fe80::1%3')).toEqual({ bare: 'fe80::1', scopeId: 3 });
  });

  const named = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ scopeid }) => (scopeid === undefined ? [] : [[name, scopeid] as const])),
  );
  // A host without IPv6 has none.
  it.runIf(named.length > 0)('looks an interface up by its name', () => {
    const [[name, scopeId]] = named;
    expect(splitScope(`fe80::1%${name}`)).toEqual({ bare: 'fe80::1', scopeId });
  });
});
