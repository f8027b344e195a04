import { describe, expect, it } from 'vitest';
import { parseResolvConf } from '../../src/upstream/resolv-conf.ts';

describe('parseResolvConf', () => {
  it.each([
    ['one server', 'nameserver 10.0.0.10\n', ['10.0.0.10']],
    [
      'more than the resolver library would take, in order',
      'nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4',
      ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
    ],
    ['an IPv6 address without its zone', 'nameserver fe80::1%eth0\n', ['fe80::1']],
    ['other keywords', 'search example.org\noptions ndots:5\nnameserver 10.0.0.10\n', ['10.0.0.10']],
    [
      'comments of both kinds',
      '# nameserver 1.1.1.1\n; nameserver 2.2.2.2\nnameserver 3.3.3.3 # here\nnameserver 4.4.4.4;there',
      ['3.3.3.3', '4.4.4.4'],
    ],
    ['tabs, blanks and carriage returns', '\tnameserver\t \t10.0.0.10  \r\n', ['10.0.0.10']],
    ['a keyword without a value', 'nameserver\n', []],
    ['a longer keyword', 'nameservers 1.1.1.1\n', []],
    ['nothing', '', []],
  ])('reads %s', (_what, text, nameservers) => {
    expect(parseResolvConf(text)).toEqual({ nameservers });
  });
});
