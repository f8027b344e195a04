/**
 * The flags of node-cache and those it inherits from CoreDNS, given to the program itself in every form that Go's `flag` package takes. Ended
 * by `-plugins`, which reads all of them and touches nothing of the host.
 */
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { runCli } from '../support/daemon.ts';
import { tempFile } from '../support/temp-file.ts';

/** As node-cache documents them, but for switches. */
const VALUES: readonly (readonly [flag: string, value: string])[] = [
  ['localip', '169.254.20.10,10.96.0.10'],
  ['interfacename', 'nodelocaldns'],
  ['syncinterval', '60ns'],
  ['metrics-listen-address', '0.0.0.0:9353'],
  ['prometheus-listen-address', ':9253'],
  ['basecorefile', '/etc/coredns/Corefile.base'],
  ['corefile', '/etc/Corefile'],
  ['kubednscm', '/etc/kube-dns'],
  ['upstreamsvc', 'kube-dns-upstream'],
  ['health-port', '8080'],
  ['conf', '/etc/Corefile'],
  ['pidfile', '/var/run/node-cache.pid'],
  ['dns.port', '53'],
  ['p', '53'],
];
const SWITCHES = ['setupinterface', 'setupiptables', 'skipteardown', 'reloadwithsignal', 'quiet'];

const LISTED = { code: 0, stderr: '', stdout: expect.stringMatching(/^dns\.forward$/m) as unknown };

it.each<[string, string[]]>([
  ['one dash and a space', VALUES.flatMap(([flag, value]) => [`-${flag}`, value])],
  ['one dash and an equals sign', VALUES.map(([flag, value]) => `-${flag}=${value}`)],
  ['two dashes and a space', VALUES.flatMap(([flag, value]) => [`--${flag}`, value])],
  ['two dashes and an equals sign', VALUES.map(([flag, value]) => `--${flag}=${value}`)],
])('takes every flag with %s', async (_name, args) => {
  expect(await runCli([...args, '-plugins'])).toEqual(LISTED);
});

it.each<[string, string[]]>([
  ['nothing', SWITCHES.map((flag) => `-${flag}`)],
  ['nothing, behind two dashes', SWITCHES.map((flag) => `--${flag}`)],
  ['a word of its own, which Go refuses', SWITCHES.flatMap((flag) => [`-${flag}`, 'false'])],
  ...['true', 'false', 'T', 'F', 'TRUE', 'False', '1', '0', 't', 'f'].map((value): [string, string[]] => [
    `=${value}`,
    SWITCHES.map((flag) => `-${flag}=${value}`),
  ]),
])('takes every switch with %s', async (_name, args) => {
  expect(await runCli(['-localip', '169.254.20.10', ...args, '-plugins=true'])).toEqual(LISTED);
});

it.each(['60', '60s', '1m', '60ns', '1m0s', '90000ms'])(
  'takes a -syncinterval of %s, which node-cache takes wrongly or not at all',
  async (interval) => {
    expect(await runCli(['-localip', '169.254.20.10', `-syncinterval=${interval}`, '-plugins'])).toEqual(
      LISTED,
    );
    expect(await runCli(['-localip', '169.254.20.10', '-syncinterval', interval, '-plugins'])).toEqual(
      LISTED,
    );
  },
);

it.each<[string, string[], string]>([
  ['an interval that is none', ['-syncinterval=often'], '--syncinterval: time: invalid duration "often"'],
  ['an interval of hours', ['-syncinterval=2h'], '--syncinterval: expected from 1s to 10m0s, found "2h"'],
  ['a switch that is neither', ['-setupiptables=maybe'], '--setupiptables: expected true or false'],
  ['a port that is none', ['-health-port=http'], '--health-port: expected a port'],
  [
    'a port out of range',
    ['-dns.port', '65536'],
    '--dns.port: expected a port from 0 to 65535, found "65536"',
  ],
  [
    'an address without a port',
    ['-metrics-listen-address', '0.0.0.0'],
    '--metrics-listen-address: address 0.0.0.0: missing port',
  ],
  ['a flag without its value', ['-interfacename'], 'Not enough arguments following: interfacename'],
  ['an interface’s name that is too long', ['-interfacename', 'a-name-of-16-char'], 'interfacename'],
  ['a flag that node-cache once had', ['-setupebtables=true'], 'Unknown argument: setupebtables'],
  ['a word that is no flag', ['Corefile'], 'Unknown argument: Corefile'],
])('ends with 2 and says why: %s', async (_name, args, message) => {
  const { code, stdout, stderr } = await runCli(['-localip', '169.254.20.10', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.split('\n', 1)[0]).toContain(message);
});

it('says its version beside the flags of node-cache, and does nothing else', async () => {
  const args = ['-localip', '169.254.20.10', '-conf', '/etc/Corefile', '-version'];
  expect(await runCli(args)).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

it('tells which variable is not set when the Corefile names the Service by itself', async () => {
  const file = tempFile('.:53 {\n  forward . {$KUBE_DNS_UPSTREAM_SERVICE_HOST}\n}\n');
  const env = { KUBE_DNS_UPSTREAM_SERVICE_HOST: undefined };
  expect(await runCli(['serve', '-conf', file], { env })).toEqual({
    code: 1,
    stdout: `[WARNING] ${file}:2: the environment variable KUBE_DNS_UPSTREAM_SERVICE_HOST is not set, and nothing stands in its place\n`,
    stderr: `plugin/forward: ${file}:2 - Error during parsing: not an IP address, file, or valid domain: ""\n`,
  });
});

it('says what to do when the template’s Service is not there, and never writes <nil>', async () => {
  const template = tempFile('.:53 {\n  forward . __PILLAR__CLUSTER__DNS__\n}\n', 'Corefile.base');
  const env = { KUBE_DNS_UPSTREAM_SERVICE_HOST: undefined };
  const args = ['-basecorefile', template, '-upstreamsvc', 'kube-dns-upstream'];
  const { code, stderr } = await runCli(['serve', ...args], { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^\S+:2 - __PILLAR__CLUSTER__DNS__ stands for .*KUBE_DNS_UPSTREAM_SERVICE_HOST/);
  expect(stderr).not.toContain('nil');
});
