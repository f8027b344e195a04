import { describe, expect, it } from 'vitest';
import { formatHttpAddress } from '../../src/observe/http-address.ts';
import { parseHttpAddress } from '../../src/observe/http.ts';

describe('an address', () => {
  it.each([
    [':9253', '', 9253],
    ['127.0.0.1:9253', '127.0.0.1', 9253],
    ['[::1]:9253', '::1', 9253],
    ['[fe80::1%eth0]:9253', 'fe80::1%eth0', 9253],
    ['localhost:9153', 'localhost', 9153],
    ['[localhost]:80', 'localhost', 80],
    [':0', '', 0],
    [':65535', '', 65_535],
  ])('%s is read', (text, host, port) => {
    expect(parseHttpAddress(text)).toEqual({ host, port });
  });

  it.each([
    ['', 'missing port in address'],
    ['9253', 'address 9253: missing port in address'],
    ['127.0.0.1', 'address 127.0.0.1: missing port in address'],
    ['127.0.0.1:', 'address 127.0.0.1:: missing port in address'],
    ['[::1]', 'address [::1]: missing port in address'],
    ['[::1]80', 'address [::1]80: missing port in address'],
    ['::1:9253', 'address ::1:9253: too many colons in address'],
    ['[::1]:80:80', 'address [::1]:80:80: too many colons in address'],
    ['[::1:9253', "address [::1:9253: missing ']' in address"],
    ['a]:80', "address a]:80: unexpected ']' in address"],
    ['a[:80', "address a[:80: unexpected '[' in address"],
    ['[a[]:80', "address [a[]:80: unexpected '[' in address"],
    [':http', 'address :http: unknown port tcp/http'],
    [':-1', 'address :-1: unknown port tcp/-1'],
    [':65536', 'address 65536: invalid port'],
  ])('%j is refused as Go refuses it', (text, message) => {
    expect(() => parseHttpAddress(text)).toThrow(new RangeError(message));
  });

  it.each([':9253', '127.0.0.1:9253', '[::1]:9253'])('%s is written as it was read', (text) => {
    expect(formatHttpAddress(parseHttpAddress(text))).toBe(text);
  });
});
