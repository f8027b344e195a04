import { describe, expect, it } from 'vitest';
import { parseDigOutput } from '../support/dig-output.ts';
import { digResult } from '../support/dig.ts';

const DIG = `
; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> -r @127.0.0.1 -p 5353 nope.cluster.local +dnssec
; (1 server found)
;; global options: +cmd
;; Got answer:
;; WARNING: .local is reserved for Multicast DNS
;; You are currently testing what happens when an mDNS query is leaked to DNS
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 42042
;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1
;; WARNING: recursion requested but not available

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags: do; udp: 1232
; NSID: 76 6d ("vm")
; EDE: 22 (No Reachable Authority): (all upstreams failed)
;; QUESTION SECTION:
;nope.cluster.local.		IN	A

;; AUTHORITY SECTION:
cluster.local.		5	IN	SOA	ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5

;; Query time: 4 msec
;; SERVER: 127.0.0.1#5353(127.0.0.1) (UDP)
;; WHEN: Sun Nov 22 04:15:59 UTC 2026
;; MSG SIZE  rcvd: 101

`;

const KDIG = `;; ->>HEADER<<- opcode: QUERY; status: NXDOMAIN; id: 28823
;; Flags: qr aa; QUERY: 1; ANSWER: 0; AUTHORITY: 1; ADDITIONAL: 1

;; EDNS PSEUDOSECTION:
;; Version: 0; flags: do; UDP size: 1232 B; ext-rcode: NOERROR
;; NSID: 766D "vm"
;; EDE: 22 (No Reachable Authority): 'all upstreams failed'

;; QUESTION SECTION:
;; nope.cluster.local. 		IN	A

;; AUTHORITY SECTION:
cluster.local.      	5	IN	SOA	ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5

;; Received 101 B
;; Time 2026-11-22 04:15:59 UTC
;; From 127.0.0.1@5353(UDP) in 0.2 ms
`;

const KDIG_TWICE = `;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 43547
;; Flags: qr tc rd; QUERY: 1; ANSWER: 1; AUTHORITY: 0; ADDITIONAL: 0

;; QUESTION SECTION:
;; a.example.		IN	TXT

;; ANSWER SECTION:
a.example.          	30	IN	TXT	"two  spaces" "; not a comment"

;; Received 64 B
;; Time 2026-11-22 04:15:59 UTC
;; From 127.0.0.1@5353(TCP) in 12.5 ms

;; ->>HEADER<<- opcode: QUERY; status: REFUSED; id: 52257
;; Flags: qr rd; QUERY: 1; ANSWER: 0; AUTHORITY: 0; ADDITIONAL: 0

;; QUESTION SECTION:
;; b.example.		IN	AAAA

;; Received 27 B
;; Time 2026-11-22 04:15:59 UTC
;; From 127.0.0.1@5353(TCP) in 0.1 ms
`;

const BOTH = {
  status: 'NXDOMAIN',
  question: ['nope.cluster.local. IN A'],
  answer: [],
  authority: ['cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5'],
  additional: [],
  sizeOctets: 101,
  transport: 'UDP',
};
const EDNS = {
  version: 0,
  flags: ['do'],
  udpSizeOctets: 1232,
  extendedError: { code: 22, text: 'all upstreams failed' },
};

describe('reading what was printed', () => {
  it('by dig', () => {
    expect(parseDigOutput(DIG)).toEqual([
      {
        ...BOTH,
        id: 42042,
        flags: ['qr', 'aa', 'rd'],
        edns: { ...EDNS, options: ['NSID: 76 6d ("vm")'] },
        timeMs: 4,
      },
    ]);
  });

  it('by kdig', () => {
    expect(parseDigOutput(KDIG)).toEqual([
      {
        ...BOTH,
        id: 28823,
        flags: ['qr', 'aa'],
        edns: { ...EDNS, options: ['NSID: 766D "vm"'] },
        timeMs: 0.2,
      },
    ]);
  });

  it('gives one message for each answer, and leaves the spaces of strings alone', () => {
    expect(parseDigOutput(KDIG_TWICE)).toMatchObject([
      {
        status: 'NOERROR',
        flags: ['qr', 'tc', 'rd'],
        answer: ['a.example. 30 IN TXT "two  spaces" "; not a comment"'],
        timeMs: 12.5,
      },
      { status: 'REFUSED', question: ['b.example. IN AAAA'], answer: [], edns: undefined },
    ]);
  });

  it('reads an extended error without text, and an OPT without flags', () => {
    const text = DIG.replace(': (all upstreams failed)', '').replace('flags: do;', 'flags:;');
    expect(parseDigOutput(text)[0]?.edns).toMatchObject({ flags: [], extendedError: { code: 22, text: '' } });
  });

  it('gives nothing for +short', () => {
    expect(parseDigOutput('10.96.0.1\n')).toEqual([]);
  });
});

describe('the result of a question', () => {
  it('is the first answer', () => {
    expect(digResult(0, KDIG_TWICE)).toMatchObject({
      status: 'NOERROR',
      id: 43547,
      exitCode: 0,
      timedOut: false,
    });
    expect(digResult(0, KDIG_TWICE).messages).toHaveLength(2);
  });

  it.each([
    ['dig', ';; communications error to 127.0.0.1#5353: timed out\n;; no servers could be reached\n'],
    [
      'kdig',
      ';; WARNING: response timeout for 127.0.0.1@5353(UDP)\n;; ERROR: failed to query server 127.0.0.1@5353(UDP)\n',
    ],
  ])('says that %s got no answer in time', (_name, text) => {
    expect(digResult(9, text)).toMatchObject({ status: undefined, messages: [], answer: [], timedOut: true });
  });

  it.each([
    ['dig', ';; Truncated, retrying in TCP mode.\n'],
    ['kdig', ';; WARNING: truncated reply from 127.0.0.1@5353(UDP), retrying over TCP\n'],
  ])('says that %s asked again over TCP', (_name, text) => {
    expect(digResult(0, text + KDIG)).toMatchObject({ retriedOverTcp: true, status: 'NXDOMAIN' });
  });
});
