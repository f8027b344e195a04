import { expect, it } from 'vitest';
import { Undelivered, undeliveredIn } from '../../../src/host/iptables/undelivered.ts';
import { fakeFiles } from './fake-host.ts';

const ipv4 = (received: number, delivered: number, forwarded = 0): string =>
  `Ip: Forwarding InReceives ForwDatagrams InDelivers ReasmReqds ReasmOKs
Ip: 1 ${received} ${forwarded} ${delivered} 0 0
Icmp: InMsgs
Icmp: 7
`;
const ipv6 = (received: number, delivered: number, forwarded = 0): string =>
  `Ip6InReceives                   \t${received}
Ip6InDelivers                   \t${delivered}
Ip6OutForwDatagrams             \t${forwarded}
Udp6InDatagrams                 \t9
`;

it.each([
  { name: 'nothing when all was delivered or passed on', texts: [ipv4(30, 20, 10), ipv6(3, 2, 1)], want: 0 },
  { name: 'what is missing of IPv4', texts: [ipv4(30, 20, 7), ipv6(0, 0)], want: 3 },
  { name: 'what is missing of IPv6', texts: [ipv4(0, 0), ipv6(30, 20, 7)], want: 3 },
  { name: 'both', texts: [ipv4(2, 1), ipv6(2, 1)], want: 2 },
  { name: 'nothing where the kernel does not say', texts: ['', ''], want: 0 },
  {
    name: 'no pieces of packets that were put together',
    texts: ['Ip: InReceives InDelivers ReasmReqds ReasmOKs\nIp: 10 7 5 2\n', ''],
    want: 0,
  },
])('undeliveredIn counts $name', ({ texts: [four = '', six = ''], want }) => {
  expect(undeliveredIn(four, six)).toBe(want);
});

it('says whether there were more since the last time', async () => {
  const contents = { '/proc/net/snmp': ipv4(10, 5), '/proc/net/snmp6': ipv6(0, 0) };
  const undelivered = new Undelivered(fakeFiles(contents));
  expect(await undelivered.grew()).toBe(false);
  contents['/proc/net/snmp'] = ipv4(20, 15);
  expect(await undelivered.grew()).toBe(false);
  contents['/proc/net/snmp6'] = ipv6(2, 1);
  expect(await undelivered.grew()).toBe(true);
  expect(await undelivered.grew()).toBe(false);
});

it('takes files that cannot be read for nothing to say', async () => {
  const undelivered = new Undelivered({
    read: () => Promise.reject(new Error('EACCES')),
    write: () => Promise.resolve(false),
  });
  expect([await undelivered.grew(), await undelivered.grew()]).toEqual([false, false]);
});
