/** What the keys of a server block mean (reference, sections 2.3 and 2.4). */
import type { Row } from './row.ts';

const inspecting = (text: string): string => `Corefile:1 - error inspecting server blocks: ${text}`;
const withWhoami = (key: string): string => `${key} {\nwhoami\n}\n`;
const LONG = `${'a.'.repeat(130)}test`;

const octets = (count: number, zone: (octet: number) => string): string =>
  Array.from({ length: count }, (_, octet) => `${zone(octet)}:53`).join(' ');

export const KEYS: readonly Row[] = [
  { rule: 'a zone', text: withWhoami('example.org'), serves: 'example.org.:53' },
  { rule: 'a zone and its dot', text: withWhoami('example.org.'), serves: 'example.org.:53' },
  { rule: 'a zone and a port', text: withWhoami('example.org:5353'), serves: 'example.org.:5353' },
  { rule: 'a scheme', text: withWhoami('dns://example.org'), serves: 'example.org.:53' },
  { rule: 'a network between two octets', text: withWhoami('10.0.0.0/8'), serves: '10.in-addr.arpa.:53' },
  {
    rule: 'a network within an octet',
    text: withWhoami('10.0.0.0/15'),
    serves: '0.10.in-addr.arpa.:53 1.10.in-addr.arpa.:53',
  },
  {
    rule: 'a network of single addresses',
    text: withWhoami('192.168.1.0/25'),
    serves: octets(128, (octet) => `${octet}.1.168.192.in-addr.arpa.`),
  },
  {
    rule: 'a network whose address has bits behind the prefix',
    text: withWhoami('10.9.3.0/18'),
    serves: octets(64, (octet) => `${octet}.9.10.in-addr.arpa.`),
  },
  { rule: 'a network of IPv6', text: withWhoami('2001:db8::/32'), serves: '8.b.d.0.1.0.0.2.ip6.arpa.:53' },
  {
    rule: 'a network of IPv6 within a nibble',
    text: withWhoami('2001:db8::/31'),
    serves: '8.b.d.0.1.0.0.2.ip6.arpa.:53 9.b.d.0.1.0.0.2.ip6.arpa.:53',
  },
  { rule: 'capitals', text: withWhoami('Example.ORG'), serves: 'example.org.:53' },
  {
    rule: 'an unknown scheme, which is part of the name',
    text: withWhoami('gopher://a.test'),
    serves: 'gopher://a.test.:53',
  },
  {
    rule: 'a port that is no number, which is part of the name',
    text: withWhoami('a.test:http'),
    serves: 'a.test:http.:53',
  },
  {
    rule: 'a colon without a port',
    text: withWhoami('a.test:'),
    says: inspecting('expecting data after last colon: "a.test:"'),
  },
  { rule: 'no zone', text: withWhoami(':53'), says: inspecting('zone is not a valid domain name: ') },
  {
    rule: 'a zone that is none',
    text: withWhoami('a..test'),
    says: inspecting('zone is not a valid domain name: a..test'),
  },
  {
    rule: 'a zone that is too long',
    text: withWhoami(LONG),
    says: inspecting('specified zone is too long: 264 > 255'),
  },
  {
    rule: 'a port out of range',
    text: withWhoami('.:99999'),
    says: inspecting('address 99999: invalid port'),
  },
  {
    rule: 'an IPv6 network that begins with a zero',
    text: withWhoami('0:db8::/32'),
    says: inspecting('invalid CIDR 0:db8::/32'),
  },
  ...(
    [
      ['tls://', 853],
      ['quic://', 853],
      ['grpc://', 443],
      ['https://', 443],
      ['https3://', 443],
    ] as const
  ).map(([scheme, port]) => ({
    rule: `${scheme}, which is not served here`,
    text: withWhoami(`${scheme}a.test`),
    says: `Corefile:1 - cannot serve ${scheme}a.test.:${port} - only dns:// is served here`,
  })),
  {
    rule: 'a zone in two blocks',
    text: withWhoami('a.test') + withWhoami('b.test A.test:53'),
    says: 'Corefile:4 - cannot serve dns://a.test.:53 - it is already defined',
  },
  { rule: 'a zone on two ports', text: withWhoami('a.test') + withWhoami('a.test:54') },
  {
    rule: 'a zone on two addresses',
    text: '. {\nbind 127.0.0.1\nwhoami\n}\n. {\nbind 127.0.0.2\nwhoami\n}',
  },
  {
    rule: 'a zone on all addresses and on one of them',
    text: '. {\nwhoami\n}\n. {\nbind 127.0.0.1\nwhoami\n}',
    says: 'Corefile:4 - cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
  },
];
