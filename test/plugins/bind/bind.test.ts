import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { bind } from '../../../src/plugins/bind/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

function bound(text: string): string[] | undefined {
  const context = fakeContext();
  expect(bind.setup(cursorOf(text), context)).toBeUndefined();
  return context.settings.bindAddresses;
}

/** The loopback interface of this machine. */
const [loopback = '', addresses = []] =
  Object.entries(networkInterfaces()).find(([, list]) => list?.some(({ internal }) => internal)) ?? [];
const ofLoopback = addresses.map(({ address }) => address);

const parsing = (line: number, error: string): string => `Corefile:${line} - Error during parsing: ${error}`;

describe('bind', () => {
  it.each([
    { text: 'bind 127.0.0.1', addresses: ['127.0.0.1'] },
    { text: 'bind 127.0.0.1 ::1 169.254.20.10', addresses: ['127.0.0.1', '::1', '169.254.20.10'] },
    { text: 'bind 127.0.0.1\nbind ::1', addresses: ['127.0.0.1', '::1'] },
    { text: 'bind 127.0.0.1 127.0.0.1', addresses: ['127.0.0.1'] },
    { text: 'bind 127.0.0.1 ::1 {\n except ::1\n}', addresses: ['127.0.0.1'] },
    { text: 'bind 127.0.0.1 ::1 {\n except ::1\n except 127.0.0.1\n}', addresses: [] },
    { text: 'bind 127.0.0.1 {\n except 127.0.0.2\n}', addresses: ['127.0.0.1'] },
    { text: 'bind 127.0.0.1 {\n except ::1\n}\nbind ::1', addresses: ['127.0.0.1'] },
  ])('$text', ({ text, addresses: expected }) => {
    expect(bound(text)).toEqual(expected);
  });

  it('takes an interface for all its addresses', () => {
    expect(ofLoopback).toContain('127.0.0.1');
    expect(bound(`bind ${loopback}`)).toEqual(ofLoopback);
    expect(bound(`bind ${loopback} {\n except 127.0.0.1\n}`)).not.toContain('127.0.0.1');
    expect(bound(`bind ${ofLoopback.join(' ')} {\n except ${loopback}\n}`)).toEqual([]);
  });

  it.each([
    { text: 'bind', error: parsing(1, 'at least one address or interface name is expected') },
    {
      text: 'bind example.org',
      error: parsing(1, 'not a valid IP address or interface name: "example.org"'),
    },
    {
      text: 'bind 127.0.0.1:53',
      error: parsing(1, 'not a valid IP address or interface name: "127.0.0.1:53"'),
    },
    { text: 'bind toString', error: parsing(1, 'not a valid IP address or interface name: "toString"') },
    {
      text: 'bind ::1 {\n except\n}',
      error: parsing(2, 'at least one address or interface must be given to except subdirective'),
    },
    {
      text: 'bind ::1 {\n except nowhere0\n}',
      error: parsing(2, 'not a valid IP address or interface name: "nowhere0"'),
    },
    { text: 'bind ::1 {\n only ::1\n}', error: parsing(2, 'invalid option "only"') },
  ])('refuses: $text', ({ text, error }) => {
    expect(() => bound(text)).toThrow(error);
  });
});
