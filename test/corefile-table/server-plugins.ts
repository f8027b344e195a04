/** Directives about the server itself: where it listens, what it shows, when it looks at its Corefile (reference, section 4). */
import { ONCE, error, fault, pluginRows, wrongCount } from './row.ts';
import type { Row } from './row.ts';

const NO_BLOCK = error("Unexpected token '{', expecting argument");

export const BIND = pluginRows('bind', [
  ['bind 127.0.0.1'],
  ['bind 127.0.0.1 ::1'],
  ['bind 127.0.0.1\nbind ::1'],
  ['bind lo'],
  ['bind lo {\nexcept ::1\n}'],
  ['bind', error('at least one address or interface name is expected')],
  ['bind nowhere', error('not a valid IP address or interface name: "nowhere"')],
  ['bind 127.0.0.1:53', error('not a valid IP address or interface name: "127.0.0.1:53"')],
  [
    'bind lo {\nexcept\n}',
    error('at least one address or interface must be given to except subdirective', 3),
  ],
  ['bind lo {\nexcept nowhere\n}', error('not a valid IP address or interface name: "nowhere"', 3)],
  ['bind lo {\nonly ::1\n}', error('invalid option "only"', 3)],
]);

export const BUFSIZE = pluginRows('bufsize', [
  ['bufsize'],
  ['bufsize 512'],
  ['bufsize 4096'],
  ['bufsize 511', wrongCount('511')],
  ['bufsize 4097', wrongCount('4097')],
  ['bufsize large', wrongCount('large')],
  ['bufsize 512 1232', wrongCount('1232')],
]);

export const DEBUG = pluginRows('debug', [
  ['debug'],
  ['debug all', wrongCount('all')],
  ['debug {\nall\n}', NO_BLOCK],
]);

export const ERRORS = pluginRows('errors', [
  ['errors'],
  ['errors stdout'],
  ['errors {\nstacktrace\n}'],
  ['errors {\nconsolidate 30s ".* i/o timeout$"\n}'],
  ['errors {\nconsolidate 5m "^failed" warning\n}'],
  ['errors {\nconsolidate 5m "^failed" info show_first\n}'],
  ['errors /var/log/errors', error('invalid log file: /var/log/errors')],
  ['errors stdout twice', wrongCount('twice')],
  [
    'errors {\nverbose\n}',
    fault("Syntax error: Unexpected token 'verbose', expecting 'Unknown field verbose'", 3),
  ],
  ['errors {\nconsolidate 30s\n}', wrongCount('30s', 3)],
  ['errors {\nconsolidate 30 x\n}', error('time: missing unit in duration "30"', 3)],
  ['errors {\nconsolidate 30s ( \n}', error('error parsing regexp: missing closing ): `(`', 3)],
  ['errors {\nconsolidate 30s x fatal\n}', error('unknown option in consolidate: fatal', 3)],
  ['errors {\nconsolidate 30s x info debug\n}', error('multiple log levels specified in consolidate', 3)],
  [
    'errors {\nconsolidate 30s x show_first info\n}',
    error('log level must come before show_first in consolidate', 3),
  ],
  ['errors\nerrors', ONCE],
]);

export const HEALTH = pluginRows('health', [
  ['health'],
  ['health :8080'],
  ['health 127.0.0.1:8080'],
  ['health [::1]:8080'],
  ['health {\nlameduck 5s\n}'],
  ['health 8080', fault('address 8080: missing port in address')],
  ['health 127.0.0.1', fault('address 127.0.0.1: missing port in address')],
  ['health ::1:8080', fault('address ::1:8080: too many colons in address')],
  ['health :99999', fault('address 99999: invalid port')],
  ['health :8080 :8081', wrongCount(':8081')],
  ['health {\nlameduck\n}', wrongCount('lameduck', 3)],
  [
    'health {\nlameduck 5\n}',
    error(`unable to parse lameduck duration value: '5' : time: missing unit in duration "5"`, 3),
  ],
  ['health {\nready\n}', error("unknown property 'ready'", 3)],
]);

export const LOG = pluginRows('log', [
  ['log'],
  ['log example.org'],
  ['log example.org "{remote} {name}"'],
  ['log a.test b.test "{combined}"'],
  ['log {\nclass all\n}'],
  ['log {\nclass denial error\n}'],
  ['log . {\nclass success\n}'],
  ['log a.test\nlog b.test'],
  ['log {\nclass\n}', wrongCount('class', 3)],
  ['log {\nclass some\n}', error('invalid Class: some', 3)],
  ['log {\nlevel info\n}', error("unknown property 'level'", 3)],
  [
    'log "{combined}"',
    undefined,
    {
      warns: [
        `plugin/log: Corefile:2: '{combined}' is taken for a name; a format needs one in front of it, such as "."`,
      ],
    },
  ],
]);

export const LOOP = pluginRows('loop', [
  ['loop'],
  ['loop 3', wrongCount('3')],
  ['loop {\nx\n}', NO_BLOCK],
  ['loop\nloop', ONCE],
]);

export const METADATA = pluginRows('metadata', [
  ['metadata'],
  ['metadata example.org'],
  ['metadata {\nx\n}', wrongCount('x', 3)],
  ['metadata\nmetadata', wrongCount('metadata', 3)],
]);

export const MULTISOCKET = pluginRows('multisocket', [
  ['multisocket'],
  ['multisocket 2'],
  ['multisocket 1024'],
  ['multisocket 0', fault('num sockets can not be zero or negative: 0')],
  ['multisocket 1025', fault('num sockets exceeds maximum (1024): 1025')],
  ['multisocket many', fault('invalid num sockets: strconv.Atoi: parsing "many": invalid syntax')],
  ['multisocket 1 2', wrongCount('2')],
]);

export const PROMETHEUS = pluginRows('prometheus', [
  ['prometheus'],
  ['prometheus :9253'],
  ['prometheus localhost:9153'],
  ['prometheus :9253 {\nruntime_metrics\n}'],
  ['prometheus 9253', fault('address 9253: missing port in address')],
  ['prometheus :9253 :9254', wrongCount(':9254')],
  ['prometheus :9253 {\npath /m\n}', error("unknown property 'path'", 3)],
  ['prometheus\nprometheus', ONCE],
]);

export const READY = pluginRows('ready', [
  ['ready'],
  ['ready :8181'],
  ['ready {\nmonitor until-ready\n}'],
  ['ready {\nmonitor continuously\n}'],
  ['ready 8181', fault('address 8181: missing port in address')],
  ['ready :8181 :8182', wrongCount(':8182')],
  ['ready {\nmonitor\n}', wrongCount('monitor', 3)],
  ['ready {\nmonitor always\n}', error("monitor type 'always' not supported", 3)],
  ['ready {\nalways\n}', error("unknown property 'always'", 3)],
  ['ready\nready', ONCE],
]);

export const RELOAD = pluginRows('reload', [
  ['reload'],
  ['reload 2s'],
  ['reload 10s 5s'],
  ['reload 10s 0'],
  ['reload 1s', error('interval value must be greater or equal to 2s')],
  ['reload 10s 500ms', error('jitter value must be 0 or greater or equal to 1s')],
  ['reload 10', error('time: missing unit in duration "10"')],
  ['reload often', error('time: invalid duration "often"')],
  ['reload 1x', error('time: unknown unit "x" in duration "1x"')],
  ['reload 10s 5s 1s', wrongCount('1s')],
]);

export const TIMEOUTS = pluginRows('timeouts', [
  ['timeouts {\nread 5s\n}'],
  ['timeouts {\nread 5\nwrite 1m\nidle 24h\n}'],
  ['timeouts {\nmaxtcpqueries 128\n}'],
  ['timeouts {\nmaxtcpqueries -1\n}'],
  ['timeouts', error('timeouts block with no timeouts specified')],
  ['timeouts 5s', wrongCount('5s')],
  ['timeouts {\nread\n}', wrongCount('read', 3)],
  ['timeouts {\nread 1s 2s\n}', wrongCount('2s', 3)],
  ['timeouts {\nread soon\n}', error("failed to parse duration 'soon'", 3)],
  [
    'timeouts {\nread 500ms\n}',
    error("timeout provided '500ms' needs to be between 1 second and 24 hours", 3),
  ],
  [
    'timeouts {\nidle 25h\n}',
    error("timeout provided '25h0m0s' needs to be between 1 second and 24 hours", 3),
  ],
  ['timeouts {\nmaxtcpqueries 0\n}', error('maxtcpqueries must be a positive integer or -1', 3)],
  ['timeouts {\nmaxtcpqueries few\n}', error('strconv.Atoi: parsing "few": invalid syntax', 3)],
  ['timeouts {\nconnect 5s\n}', error("unknown option: 'connect'", 3)],
]);

export const WHOAMI: readonly Row[] = pluginRows('whoami', [['whoami'], ['whoami x', wrongCount('x')]]);

export const DNSTAP = pluginRows('dnstap', [
  ['dnstap /run/dnstap.sock'],
  ['dnstap unix:///run/dnstap.sock full'],
  ['dnstap tcp://127.0.0.1:6000 full 2 2'],
  ['dnstap tls://127.0.0.1:6000 full {\nskipverify\n}'],
  ['dnstap /run/dnstap.sock full {\nidentity node\nversion v1\nextra "{name}"\n}'],
  ['dnstap /run/one.sock\ndnstap /run/two.sock'],
  ['dnstap', wrongCount('dnstap')],
  ['dnstap tcp://127.0.0.1', error('address 127.0.0.1: missing port in address')],
  ['dnstap unix://', error("no path in 'unix://'")],
  ['dnstap listen tcp://:6000'],
  ['dnstap listen', error('dnstap listen requires an endpoint argument')],
  ['dnstap listen tls://:6000', error('TLS listener requires cert and key files')],
  ['dnstap /run/dnstap.sock {\ntls a b\n}', error('tls directive only valid for listeners', 3)],
  [
    'dnstap /run/dnstap.sock full many',
    error('dnstap: invalid MultipleTcpWriteBuf "many": strconv.Atoi: parsing "many": invalid syntax'),
  ],
  [
    'dnstap /run/dnstap.sock full 1025',
    error('dnstap: MultipleTcpWriteBuf must be between 1 and 1024 (MiB units): 1025'),
  ],
  [
    'dnstap /run/dnstap.sock full 1 4097',
    error('dnstap: MultipleQueue must be between 1 and 4096 (x10k messages): 4097'),
  ],
  ['dnstap /run/dnstap.sock {\nidentity\n}', wrongCount('identity', 3)],
  ['dnstap /run/dnstap.sock {\nskipverify yes\n}', wrongCount('yes', 3)],
  ['dnstap /run/dnstap.sock {\nhost a\n}', error("unknown property 'host'", 3)],
  [
    'dnstap /run/dnstap.sock half',
    undefined,
    { warns: ["plugin/dnstap: Corefile:2: 'half' is not 'full' and has no effect"] },
  ],
]);
