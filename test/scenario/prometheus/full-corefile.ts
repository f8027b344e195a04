/** A Corefile in which every plugin of node-cache has its place, and questions after which every metric of the table has series. */

export interface Places {
  /** What the blocks for clients are bound to. */
  readonly address: string;
  readonly port: number;
  /** On 127.0.0.1. */
  readonly metricsPort: number;
  readonly healthPort: number;
  /** Of the block that stands for the cluster DNS, on 127.0.0.1. */
  readonly upstreamPort: number;
  /** On which nobody answers, on 127.0.0.1. */
  readonly deadPort: number;
  /** A resolv.conf with `search search.test`. */
  readonly resolvConf: string;
}

/** The upstream is a block of the same process, so nothing else is needed. */
export const fullCorefile = (at: Places): string => `.:${at.port} {
    bind ${at.address}
    bufsize 1232
    timeouts {
        idle 10s
    }
    debug
    errors
    log . {
        class error
    }
    metadata
    reload
    loop
    health 127.0.0.1:${at.healthPort}
    prometheus 127.0.0.1:${at.metricsPort}
    dnstap tcp://127.0.0.1:${at.deadPort}
    dns64 {
        allow_ipv4
    }
    loadbalance round_robin
    local
    autopath ${at.resolvConf}
    acl {
        block type MX
        filter type SRV
        drop type NAPTR
    }
    cache 30 {
        prefetch 1 1m 90%
        serve_stale
    }
    rewrite name exact old.test www.up.test
    template IN TXT made.test {
        answer "{{ .Name }} 30 IN TXT made"
    }
    template IN TXT fails.test {
        answer "{{ index .Match 9 }} 30 IN TXT never"
    }
    template IN TXT odd.test {
        answer "{{ .Name }} 30 IN A nowhere"
    }
    hosts {
        192.0.2.7 host.test
        fallthrough
    }
    forward . 127.0.0.1:${at.upstreamPort} {
        force_tcp
    }
}
who.test:${at.port} {
    bind ${at.address}
    prometheus 127.0.0.1:${at.metricsPort}
    whoami
}
dead.test:${at.port} {
    bind ${at.address}
    errors
    prometheus 127.0.0.1:${at.metricsPort}
    forward . 127.0.0.1:${at.deadPort}
}
.:${at.upstreamPort} {
    bind 127.0.0.1
    template IN A up.test {
        answer "{{ .Name }} 30 IN A 192.0.2.1"
    }
    template IN AAAA up.test {
        authority "up.test. 30 IN SOA ns.up.test. root.up.test. (1 60 60 60 30)"
    }
    template ANY ANY {
        rcode NXDOMAIN
        authority ". 30 IN SOA ns.test. root.test. (1 60 60 60 30)"
    }
}
`;

export const RESOLV_CONF = 'search search.test\n';

/** Arguments of dig, each for one question; to be asked in this order. */
export const QUESTIONS: readonly (readonly string[])[] = [
  ['www.up.test', 'A'],
  ['www.up.test', 'A'],
  ['www.up.test', 'A', '+tcp'],
  ['www.up.test', 'A', '+dnssec'],
  ['www.up.test', 'AAAA'],
  ['nobody.test', 'AAAA'],
  ['a.made.test', 'TXT'],
  ['a.fails.test', 'TXT'],
  ['an.odd.test', 'TXT'],
  ['host.test', 'A'],
  ['old.test', 'A'],
  ['www.up.test.search.test', 'A'],
  ['localhost.up.test', 'A'],
  ['www.up.test', 'MX'],
  ['www.up.test', 'SRV'],
  ['www.up.test', 'NAPTR'],
  ['me.who.test', 'A'],
  ['me.dead.test', 'A'],
];

/** As `dig` takes it. */
export const digArguments = (address: string, port: number, question: readonly string[]): string[] => [
  '-r',
  `@${address}`,
  '-p',
  String(port),
  '+tries=1',
  '+time=1',
  ...question,
];
