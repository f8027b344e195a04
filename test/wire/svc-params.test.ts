import { describe, expect, it } from 'vitest';
import { svcParamsFromWords } from '../../src/wire/svc-params.ts';
import { cutWords } from '../../src/wire/zone-words.ts';

const write = (text: string): string => Buffer.from(svcParamsFromWords(cutWords(text))).toString('hex');

describe('svcParamsFromWords', () => {
  // The test vectors of RFC 9460, appendix D.2, without the two fields in front.
  it.each([
    ['a port', 'port=53', '000300020035'],
    ['a key without a name', 'key667=hello', '029b000568656c6c6f'],
    ['a value between quotes, with an escape', 'key667="hello\\210qoo"', '029b000968656c6c6fd2716f6f'],
    [
      'two IPv6 addresses',
      'ipv6hint="2001:db8::1,2001:db8::53:1"',
      '0006002020010db800000000000000000000000120010db8000000000000000000530001',
    ],
    [
      'an address with an IPv4 address in it',
      'ipv6hint=2001:db8:122:344::192.0.2.33',
      '0006001020010db80122034400000000c0000221',
    ],
    [
      'keys out of order: they come out in order',
      'alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
      '0000000400010004000100090268320568332d313900040004c0000201',
    ],
    [
      'a comma and a backslash inside an id',
      'alpn="f\\\\\\\\oo\\\\,bar,h2"',
      '0001000c08665c6f6f2c626172026832',
    ],
    ['the same with other escapes', 'alpn=f\\\\\\092oo\\092,bar,h2', '0001000c08665c6f6f2c626172026832'],
  ])('writes %s', (_, text, octets) => {
    expect(write(text)).toBe(octets);
  });

  it.each([
    ['no-default-alpn, which has no value', 'no-default-alpn alpn=h3', '0001000302683300020000'],
    ['ech in base64', 'ech=AQIDBA==', '0005000401020304'],
    ['a path', 'dohpath=/dns-query{?dns}', '00070010' + Buffer.from('/dns-query{?dns}').toString('hex')],
    ['a known key by number: octets as they are', 'key1=\\002h2', '00010003026832'],
    ['a key by number without a value', 'key667', '029b0000'],
    ['nothing', '', ''],
  ])('writes %s', (_, text, octets) => {
    expect(write(text)).toBe(octets);
  });

  it.each([
    ['the same key twice', 'port=1 port=2', 'expected each parameter once, found "port" again'],
    ['the same key by name and number', 'port=1 key3=x', 'expected each parameter once, found "key3" again'],
    ['a word that is no key', 'foo=1', 'expected a parameter such as alpn=h2, found "foo"'],
    [
      'the key that is invalid by definition',
      'key65535',
      'expected a parameter such as alpn=h2, found "key65535"',
    ],
    ['a key with a leading zero', 'key007', 'expected a parameter such as alpn=h2, found "key007"'],
    ['a missing value', 'alpn', 'expected a value for "alpn", found none'],
    ['an empty value', 'ipv4hint=', 'expected a value for "ipv4hint", found none'],
    ['an empty id', 'alpn=h2,,h3', 'expected protocol ids of 1 to 255 octets for "alpn", found "h2,,h3"'],
    ['a value where none belongs', 'no-default-alpn=x', 'expected no value for "no-default-alpn", found "x"'],
    ['a port out of range', 'port=65536', 'expected a port from 0 to 65535 for "port", found "65536"'],
    ['an IPv6 address for IPv4', 'ipv4hint=::1', 'expected IPv4 addresses for "ipv4hint", found "::1"'],
    ['broken base64', 'ech=A', 'expected base64 for "ech", found "A"'],
    [
      'mandatory in itself',
      'mandatory=mandatory',
      'expected other keys, each once for "mandatory", found "mandatory"',
    ],
    [
      'a mandatory key that is missing',
      'mandatory=port',
      'expected "port" since it is mandatory, found none',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => write(text)).toThrow(new RangeError(message));
  });
});
