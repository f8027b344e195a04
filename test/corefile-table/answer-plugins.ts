/** Directives that answer queries by themselves, or change answers (reference, sections 4 and 5). */
import { ONCE, error, fault, pluginRows, wrongCount } from './row.ts';

export const ACL = pluginRows('acl', [
  ['acl {\nallow\n}'],
  ['acl a.test b.test {\nblock type ANY\n}'],
  ['acl {\nBLOCK type A AAAA net 192.0.2.0/24 2001:db8::/32\n}'],
  ['acl {\nfilter net 192.0.2.1 type *\n}'],
  ['acl {\ndrop net *\n}'],
  ['acl {\ndeny\n}', error(`unexpected token "deny"; expect 'allow', 'block', 'filter' or 'drop'`, 3)],
  ['acl {\nblock from 192.0.2.1\n}', error(`unexpected token "from"; expect 'type | net'`, 3)],
  ['acl {\nblock type\n}', error('no token specified in "type" section', 3)],
  ['acl {\nblock type net 192.0.2.1\n}', error('no token specified in "type" section', 3)],
  ['acl {\nblock type AAAAA\n}', error('unexpected token "AAAAA"; expect legal QTYPE', 3)],
  ['acl {\nblock net 192.0.2.0/33\n}', error('illegal CIDR notation "192.0.2.0/33"', 3)],
  ['acl {\nblock net here\n}', error('illegal CIDR notation "here/32"', 3)],
]);

export const AUTOPATH = pluginRows('autopath', [
  ['autopath DIRECTORY/resolv', undefined, { files: { resolv: 'search a.test\n' } }],
  ['autopath a.test DIRECTORY/resolv', undefined, { files: { resolv: 'search a.test\n' } }],
  ['autopath', fault('no resolv-conf specified')],
  ['autopath /nowhere', fault('failed to parse "/nowhere": open /nowhere: no such file or directory')],
  [
    'autopath @kubernetes',
    error('@kubernetes is not supported: only a file with a search path, such as /etc/resolv.conf'),
  ],
]);

export const DNS64 = pluginRows('dns64', [
  ['dns64'],
  ['dns64 64:ff9b::/96'],
  ['dns64 {\nprefix 2001:db8::/64\n}'],
  ['dns64 {\ntranslate_all\nallow_ipv4\n}'],
  ['dns64 64:ff9b::/96 64:ff9b::/96', wrongCount('64:ff9b::/96')],
  ['dns64 64:ff9b::', fault('invalid CIDR address: 64:ff9b::')],
  ['dns64 192.0.2.0/24', error('invalid netmask 32 IPv6 address: "192.0.2.0/24"')],
  ['dns64 2001:db8::/65', error('invalid prefix length "2001:db8::/65"')],
  ['dns64 2001::/24', error('invalid prefix length "2001::/24"')],
  ['dns64 {\nprefix\n}', wrongCount('prefix', 3)],
  ['dns64 {\nall\n}', error("unknown property 'all'", 3)],
]);

export const HOSTS = pluginRows('hosts', [
  ['hosts'],
  ['hosts /etc/hosts'],
  ['hosts /etc/hosts a.test b.test'],
  ['hosts {\n192.0.2.1 a.test b.test\n2001:db8::1 a.test\n}'],
  ['hosts {\n192.0.2.1 a.test\nttl 60\nno_reverse\nreload 0\nfallthrough a.test\n}'],
  ['hosts {\nfallthrough\nfallthrough_unsupported\n}'],
  ['hosts {\nttl\n}', error('ttl needs a time in second', 3)],
  ['hosts {\nttl 5s\n}', error('ttl needs a number of second', 3)],
  ['hosts {\nttl 0\n}', error('ttl provided is invalid', 3)],
  ['hosts {\nttl 65536\n}', error('ttl provided is invalid', 3)],
  ['hosts {\nreload\n}', error('reload needs a duration (zero seconds to disable)', 3)],
  ['hosts {\nreload 5\n}', error("invalid duration for reload '5'", 3)],
  ['hosts {\nreload -5s\n}', error("invalid negative duration for reload '-5s'", 3)],
  ['hosts {\nfallthrough\n192.0.2.1 a.test\n}', error("unknown property '192.0.2.1'", 4)],
  ['hosts {\nfallthrough_unsupported\n}', error('fallthrough_unsupported requires fallthrough', 4)],
  ['hosts\nhosts', ONCE],
  [
    'hosts {\nno_revers\n}',
    undefined,
    { warns: ["plugin/hosts: Corefile:3 is ignored: 'no_revers' is no entry ADDRESS NAME..."] },
  ],
]);

export const LOADBALANCE = pluginRows('loadbalance', [
  ['loadbalance'],
  ['loadbalance round_robin'],
  ['loadbalance weighted /etc/weights'],
  ['loadbalance weighted /etc/weights {\nreload 10s\n}'],
  ['loadbalance {\nprefer 192.0.2.0/24 2001:db8::/32\n}'],
  ['loadbalance random', fault('unknown policy: random')],
  ['loadbalance round_robin x', error('unknown property for round_robin')],
  ['loadbalance weighted', error('missing weight file argument')],
  ['loadbalance weighted a b', error('unexpected argument(s)')],
  ['loadbalance weighted a {\nreload\n}', error('reload duration value is missing', 3)],
  ['loadbalance weighted a {\nreload 1s 2s\n}', error('unexpected argument', 3)],
  ['loadbalance weighted a {\nreload soon\n}', error("invalid reload duration 'soon'", 3)],
  ['loadbalance {\nreload 10s\n}', error("unknown property 'reload'", 3)],
  ['loadbalance {\nprefer here\n}', error('invalid CIDR "here": invalid CIDR address: here', 3)],
]);

export const LOCAL = pluginRows('local', [
  ['local'],
  ['local {\nlocalhost_prefix off\n}'],
  ['local x', wrongCount('x')],
  ['local {\nlocalhost_prefix\n}', wrongCount('localhost_prefix', 3)],
  ['local {\nlocalhost_prefix maybe\n}', error(`localhost_prefix expects 'on' or 'off', got "maybe"`, 3)],
  ['local {\nx\n}', error("unknown property 'x'", 3)],
]);

export const MINIMAL = pluginRows('minimal', [['minimal'], ['minimal x', wrongCount('x')]]);

export const TEMPLATE = pluginRows('template', [
  ['template IN A {\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\n}'],
  ['template ANY ANY a.test {\nrcode NXDOMAIN\n}'],
  ['template IN AAAA {\nmatch ^a[.] ^b[.]\nfallthrough a.test\n}'],
  ['template IN ANY {\nauthority ". 60 IN SOA a. b. 1 2 3 4 5"\nadditional "a. 60 IN A 192.0.2.1"\n}'],
  ['template IN A {\nrcode REFUSED\nederror 15 "not here"\n}'],
  ['template IN A {\nederror 21\nupstream\n}'],
  ['template', wrongCount('template')],
  ['template IN', wrongCount('IN')],
  ['template XX A', error('invalid query class XX')],
  ['template IN XX', error('invalid RR class XX')],
  ['template IN A a..test', error("unable to normalize 'a..test'")],
  ['template IN A {\nmatch\n}', wrongCount('match', 3)],
  [
    'template IN A {\nmatch (\n}',
    error('could not parse regex: (, error parsing regexp: missing closing ): `(`', 3),
  ],
  ['template IN A {\nanswer\n}', wrongCount('answer', 3)],
  [
    'template IN A {\nanswer "{{ .Name"\n}',
    error('could not compile template: {{ .Name, template: answer:1: unclosed action', 3),
  ],
  ['template IN A {\nrcode\n}', wrongCount('rcode', 3)],
  ['template IN A {\nrcode BAD\n}', error('unknown rcode BAD', 3)],
  ['template IN A {\nederror\n}', wrongCount('ederror', 3)],
  [
    'template IN A {\nederror many\n}',
    error('error parsing extended DNS error code many, strconv.ParseUint: parsing "many": invalid syntax', 3),
  ],
  ['template IN A {\nederror 1 a b\n}', wrongCount('b', 3)],
  ['template IN A {\nfallthrough a..test\n}', error("unable to normalize 'a..test'", 3)],
  ['template IN A {\nvar x 1\n}', error('the option var is not supported', 3)],
  ['template IN A {\nexpr x\n}', error('the option expr is not supported', 3)],
  ['template IN A {\nttl 60\n}', wrongCount('ttl', 3)],
]);
