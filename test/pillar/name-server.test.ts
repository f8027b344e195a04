import { expect, it } from 'vitest';
import { whyNoNameServer } from '../../src/pillar/name-server.ts';

it.each(['1.2.3.4', '1.2.3.4:53', '1.2.3.4:1', '1.2.3.4:65535', '2001:db8::1', '[2001:db8::1]:53'])(
  'takes %s',
  (text) => {
    expect(whyNoNameServer(text)).toBeUndefined();
  },
);

it.each([
  ['', 'is no IP address'],
  ['1.2.3', 'is no IP address'],
  ['1.2.3.04', 'is no IP address'],
  ['ns.test', 'is no IP address'],
  ['ns.test:53', 'is no IP address'],
  ['tls://1.2.3.4', 'is no IP address'],
  ['1.2.3.4 5.6.7.8', 'is no IP address'],
  ['fe80::1%eth0', 'is no IP address'],
  ['[1.2.3.4]:53', 'is no IP address'],
  ['[2001:db8::1]', 'is no IP address'],
  ['/etc/resolv.conf', 'is no IP address'],
  ['1.2.3.4:', 'has a port that is none'],
  ['1.2.3.4:0', 'has a port that is none'],
  ['1.2.3.4:65536', 'has a port that is none'],
  ['1.2.3.4:dns', 'has a port that is none'],
  ['[2001:db8::1]:', 'has a port that is none'],
])('refuses %j', (text, reason) => {
  expect(whyNoNameServer(text)).toContain(reason);
});
