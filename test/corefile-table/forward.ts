/** `forward` (reference, section 4). */
import { error, pluginRows, wrongCount } from './row.ts';
import type { Fragment } from './row.ts';

const option = (text: string): string => `forward . 192.0.2.1 {\n${text}\n}`;

/** Options that take a number or a time which must not be negative. */
const counted = (name: string): readonly Fragment[] => [
  [option(`${name} 1`)],
  [option(name), wrongCount(name, 3)],
  [option(`${name} 1 2`), wrongCount('2', 3)],
  [option(`${name} x`), error('strconv.Atoi: parsing "x": invalid syntax', 3)],
  [option(`${name} -1`), error(`${name} can't be negative: -1`, 3)],
];
const timed = (name: string, complaint: string): readonly Fragment[] => [
  [option(`${name} 30s`)],
  [option(name), wrongCount(name, 3)],
  [option(`${name} 30`), error('time: missing unit in duration "30"', 3)],
  [option(`${name} -30s`), error(`${name} ${complaint}: -30s`, 3)],
];
const bare = (name: string): readonly Fragment[] => [
  [option(name)],
  [option(`${name} x`), wrongCount('x', 3)],
];

export const FORWARD = pluginRows('forward', [
  ['forward . 192.0.2.1'],
  ['forward . 192.0.2.1:5353 [2001:db8::1]:5353 2001:db8::2'],
  ['forward . dns://192.0.2.1'],
  ['forward . tls://192.0.2.1'],
  ['forward . tls://192.0.2.1%dns.test:853'],
  ['forward . dns.test'],
  ['forward . DIRECTORY/resolv', undefined, { files: { resolv: 'nameserver 192.0.2.1\n' } }],
  ['forward a.test 192.0.2.1\nforward . 192.0.2.2'],
  ['forward', wrongCount('forward')],
  ['forward .', wrongCount('.')],
  ['forward a..test 192.0.2.1', error("unable to normalize 'a..test'")],
  ['forward . 192.0.2.300', error('not an IP address, file, or valid domain: "192.0.2.300"')],
  ['forward . /nowhere', error('not an IP address, file, or valid domain: "/nowhere"')],
  ['forward . tls://192.0.2.300', error('invalid address: "tls://192.0.2.300"')],
  [
    'forward . https://192.0.2.1',
    error("'https' is not supported as a destination protocol in forward: https://192.0.2.1"),
  ],
  ['forward . DIRECTORY/empty', error('no valid upstream addresses found'), { files: { empty: '' } }],
  [
    `forward . ${Array.from({ length: 16 }, (_, index) => `192.0.2.${index}`).join(' ')}`,
    error('more than 15 TOs configured: 16'),
  ],
  [
    'forward 10.0.0.0/15 192.0.2.1',
    undefined,
    {
      warns: [
        "plugin/forward: Unsupported CIDR notation: '10.0.0.0/15' expands to multiple zones. Using only '0.10.in-addr.arpa.'.",
      ],
    },
  ],
  [option('except a.test b.test')],
  [option('except'), wrongCount('except', 3)],
  [option('except a..test'), error("unable to normalize 'a..test'", 3)],
  [option('policy random')],
  [option('policy round_robin')],
  [option('policy sequential')],
  [option('policy'), wrongCount('policy', 3)],
  [option('policy guess'), error("unknown policy 'guess'", 3)],
  ...bare('force_tcp'),
  ...bare('prefer_udp'),
  ...bare('hedge'),
  ...bare('failfast_all_unhealthy_upstreams'),
  ...bare('next_on_nodata'),
  ...counted('max_fails'),
  ...counted('max_idle_conns'),
  ...counted('max_concurrent'),
  ...counted('max_qps'),
  ...counted('max_connect_attempts'),
  ...timed('expire', "can't be negative"),
  ...timed('max_age', "can't be negative"),
  ...timed('read_timeout', 'must be positive'),
  [option('read_timeout 0s'), error('read_timeout must be positive: 0s', 3)],
  [option('max_age 5s'), error('max_age (5s) must not be less than expire (10s)', 4)],
  [option('health_check 1s')],
  [option('health_check 1s no_rec domain a.test')],
  [option('health_check'), wrongCount('health_check', 3)],
  [option('health_check 1'), error('time: missing unit in duration "1"', 3)],
  [option('health_check -1s'), error("health_check can't be negative: -1s", 3)],
  [option('health_check 1s domain'), wrongCount('domain', 3)],
  [option('health_check 1s domain a..test'), error('health_check: invalid domain name a..test', 3)],
  [option('health_check 1s fast'), error('health_check: unknown option fast', 3)],
  [option('next NXDOMAIN SERVFAIL')],
  [option('next'), wrongCount('next', 3)],
  [option('next BAD'), error('BAD is not a valid rcode', 3)],
  [option('failover SERVFAIL refused')],
  [option('failover'), wrongCount('failover', 3)],
  [option('failover NOERROR'), error('NoError cannot be used in failover', 3)],
  [option('failover BAD'), error('BAD is not a valid rcode', 3)],
  [option('tls')],
  [option('tls a b c d'), wrongCount('d', 3)],
  [option('tls /nowhere'), error("open /nowhere: ENOENT: no such file or directory, open '/nowhere'", 3)],
  [option('tls_servername dns.test')],
  [option('tls_servername'), wrongCount('tls_servername', 3)],
  [option('source_address 192.0.2.9')],
  [option('source_address'), wrongCount('source_address', 3)],
  [option('source_address here'), error('invalid IP address: here', 3)],
  [
    option('source_address 192.0.2.8 192.0.2.9'),
    error('more than one source_address for IPv4: 192.0.2.9', 3),
  ],
  [option('resolver 192.0.2.9 192.0.2.9:5353')],
  [option('resolver'), wrongCount('resolver', 3)],
  [option('resolver dns.test'), error('resolver must be an IP address or IP:port: "dns.test"', 3)],
  [option('retries 3'), error("unknown property 'retries'", 3)],
]);
