import { describe, expect, it } from 'vitest';
import { parseLocalAddresses } from '../../src/host/local-addresses.ts';

describe('the addresses of -localip', () => {
  it.each([
    { name: 'one address', text: '169.254.20.10', expected: ['169.254.20.10'] },
    {
      name: 'both families, in the order of the text',
      text: 'fd00::a,10.96.0.10,169.254.20.10',
      expected: ['fd00::a', '10.96.0.10', '169.254.20.10'],
    },
    {
      name: 'white space around them',
      text: ' 10.96.0.10 ,\t169.254.20.10\n',
      expected: ['10.96.0.10', '169.254.20.10'],
    },
    { name: 'the place of a removed placeholder', text: '169.254.20.10,', expected: ['169.254.20.10'] },
    { name: 'empty places', text: ',,10.96.0.10,,fd00::a', expected: ['10.96.0.10', 'fd00::a'] },
    {
      name: 'one address twice, in two forms',
      text: 'fd00:0:0::A,fd00::a,FD00::000a',
      expected: ['fd00::a'],
    },
    {
      name: 'IPv6 in its longest form',
      text: '2001:0db8:0000:0000:0001:0000:0000:000a',
      expected: ['2001:db8::1:0:0:a'],
    },
  ])('may be $name', ({ text, expected }) => {
    expect(parseLocalAddresses(text)).toEqual(expected);
  });

  it.each(['', ' ', ',', ' , '])('must be one at least: %j', (text) => {
    expect(() => parseLocalAddresses(text)).toThrow(
      '-localip: expected IP addresses separated by commas, such as 169.254.20.10,10.96.0.10, found none',
    );
  });

  it.each([
    { word: '10.96.0.300', why: 'is not an IP address' },
    { word: '10.96.0', why: 'is not an IP address' },
    { word: '10.96.0.010', why: 'is not an IP address' },
    { word: 'kube-dns', why: 'is not an IP address' },
    { word: '10.96.0.10 169.254.20.10', why: 'is not an IP address' },
    { word: 'fd00::1::2', why: 'is not an IP address' },
    {
      word: 'fe80::1%eth0',
      why: 'is not an IP address: an address of one link only (with %) cannot be intercepted',
    },
    { word: '10.96.0.10/32', why: 'is not an IP address: leave the prefix length away' },
    { word: '[fd00::a]', why: 'is not an IP address: leave the brackets away' },
    { word: '__PILLAR__DNS__SERVER__', why: 'is not an IP address: a placeholder that nobody has filled in' },
    { word: '0.0.0.0', why: 'is the wildcard address' },
    { word: '::', why: 'is the wildcard address' },
    { word: '0.0.0.1', why: 'is an address of "this network" (0.0.0.0/8)' },
    { word: '127.0.0.1', why: 'is a loopback address' },
    { word: '127.255.255.255', why: 'is a loopback address' },
    { word: '::1', why: 'is a loopback address' },
    { word: '224.0.0.1', why: 'is a multicast address' },
    { word: '239.255.255.255', why: 'is a multicast address' },
    { word: 'ff02::1', why: 'is a multicast address' },
    { word: '240.0.0.1', why: 'is a broadcast or reserved address (240.0.0.0/4)' },
    { word: '255.255.255.255', why: 'is a broadcast or reserved address (240.0.0.0/4)' },
    {
      word: '::ffff:10.96.0.10',
      why: 'is an IPv4 address written as IPv6 (::ffff:0:0/96); write it as IPv4',
    },
    {
      word: 'fe80::1',
      why: 'is an IPv6 link-local address (fe80::/10), which cannot be reached without naming a link; use one from fd00::/8',
    },
    {
      word: 'febf::1',
      why: 'is an IPv6 link-local address (fe80::/10), which cannot be reached without naming a link; use one from fd00::/8',
    },
  ])('may not be $word, and it is said why', ({ word, why }) => {
    expect(() => parseLocalAddresses(`169.254.20.10,${word}`)).toThrow(
      new RangeError(`-localip: ${JSON.stringify(word)} ${why}`),
    );
  });

  it.each([
    '1.0.0.1',
    '126.0.0.1',
    '128.0.0.1',
    '223.255.255.255',
    'fec0::1',
    'fdff::1',
    '::2',
    '::fffe:a60:a',
  ])('may be %s, just outside of what is refused', (text) => {
    expect(parseLocalAddresses(text)).toEqual([text]);
  });
});
