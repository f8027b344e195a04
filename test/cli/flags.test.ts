import { describe, expect, it } from 'vitest';
import { FlagError, readFlag } from '../../src/cli/flag-error.ts';
import { FLAGS, optionsOf } from '../../src/cli/flags.ts';
import type { Subcommand } from '../../src/cli/flags.ts';
import { normaliseFlags } from '../../src/cli/normalise-flags.ts';

const GUARD = [
  'debug',
  'dns.port',
  'health-port',
  'interface-type',
  'interfacename',
  'lease',
  'localip',
  'log-format',
  'metrics-listen-address',
  'pidfile',
  'probe-interval',
  'quiet',
  'rules',
  'setupinterface',
  'setupiptables',
  'skipteardown',
  'syncinterval',
];
/** What the variables of a template stand for. */
const VARIABLES = ['cluster-domain', 'kubednscm', 'localip', 'prometheus-listen-address', 'upstreamsvc'];
const SERVE = [
  ...VARIABLES,
  'basecorefile',
  'cache-memory',
  'conf',
  'corefile',
  'debug',
  'dns.port',
  'grace',
  'log-format',
  'pidfile',
  'quiet',
  'reloadwithsignal',
  'udp',
];

describe('the flags of a subcommand', () => {
  it.each<{ subcommand: Subcommand; names: readonly string[] }>([
    { subcommand: 'serve', names: SERVE },
    { subcommand: 'guard', names: [...GUARD, 'once-clean'] },
    { subcommand: 'run', names: [...GUARD, ...SERVE, 'plugins', 'user', 'frozen-after'] },
    { subcommand: 'check', names: [...VARIABLES, 'dns.port', 'explain', 'json'] },
  ])('are those of its own: $subcommand', ({ subcommand, names }) => {
    expect(Object.keys(optionsOf(subcommand, {})).toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it('have the defaults that the documentation says', () => {
    const defaults = Object.entries(optionsOf('serve', {})).map(([name, flag]) => [name, flag.default]);
    expect(Object.fromEntries(defaults)).toEqual({
      conf: undefined,
      'dns.port': '53',
      'log-format': 'text',
      udp: 'auto',
      debug: false,
      quiet: false,
      pidfile: undefined,
      reloadwithsignal: false,
      grace: '5s',
    });
  });

  it('have those that node-cache documents, where it has the flag', () => {
    const options = optionsOf('run', {});
    const defaults = ['setupinterface', 'interfacename', 'setupiptables', 'health-port', 'skipteardown'].map(
      (name) => [name, options[name].default],
    );
    expect(Object.fromEntries(defaults)).toEqual({
      setupinterface: true,
      interfacename: 'nodelocaldns',
      setupiptables: true,
      'health-port': '8080',
      skipteardown: false,
    });
  });

  it('want a value where they are no switch, and say what they are for', () => {
    for (const flag of ['serve', 'guard', 'run'].flatMap((of) =>
      Object.values(optionsOf(of as Subcommand, {})),
    )) {
      expect(flag.requiresArg).toBe(flag.type === 'string');
      expect(flag.describe).toMatch(/^\S.*\S$/);
    }
  });

  it('have names that are unique', () => {
    const names = FLAGS.flatMap(({ name, alias }) => [name, alias ?? name]);
    expect(new Set(names).size).toBe(FLAGS.length + FLAGS.filter(({ alias }) => alias !== undefined).length);
  });
});

describe('the environment', () => {
  it.each([
    { name: 'NODELOCALDNS_CONF', value: '/etc/Corefile', flag: 'conf', given: '/etc/Corefile' },
    { name: 'NODELOCALDNS_DNS_PORT', value: '1053', flag: 'dns.port', given: '1053' },
    { name: 'NODELOCALDNS_LOG_FORMAT', value: 'json', flag: 'log-format', given: 'json' },
    { name: 'NODELOCALDNS_DEBUG', value: 'true', flag: 'debug', given: true },
    { name: 'NODELOCALDNS_DEBUG', value: '1', flag: 'debug', given: true },
    { name: 'NODELOCALDNS_DEBUG', value: 'false', flag: 'debug', given: false },
    { name: 'NODELOCALDNS_DEBUG', value: '', flag: 'debug', given: false },
    { name: 'NODELOCALDNS_DEBUG', value: 'T', flag: 'debug', given: true },
    { name: 'NODELOCALDNS_SETUPIPTABLES', value: 'false', flag: 'setupiptables', given: false },
    { name: 'NODELOCALDNS_SETUPIPTABLES', value: '', flag: 'setupiptables', given: true },
    { name: 'NODELOCALDNS_LOCALIP', value: '169.254.20.10', flag: 'localip', given: '169.254.20.10' },
  ])('gives a flag that the command line does not: $name=$value', ({ name, value, flag, given }) => {
    expect(optionsOf('run', { [name]: value })[flag].default).toBe(given);
  });

  it('names the variable of a switch that is neither on nor off', () => {
    expect(() => optionsOf('serve', { NODELOCALDNS_DEBUG: 'yes' })).toThrow(
      new FlagError('NODELOCALDNS_DEBUG: expected true or false, found "yes"'),
    );
  });

  it('with our prefix, but of no flag, is looked past, as Kubernetes sets it for Services', () => {
    const environment = {
      NODELOCALDNS_SERVICE_HOST: '10.0.0.1',
      NODELOCALDNS_PORT: 'tcp://10.0.0.1:53',
      NODELOCALDNS_PORT_53_TCP: 'tcp://10.0.0.1:53',
    };
    expect(optionsOf('serve', environment)).toEqual(optionsOf('serve', {}));
  });
});

describe('readFlag', () => {
  it('gives what was read', () => {
    expect(readFlag('grace', '5', Number)).toBe(5);
  });

  it('names the flag whose value is wrong', () => {
    const cause = new RangeError('expected less');
    const read = (): never => {
      throw cause;
    };
    expect(() => readFlag('dns.port', 'x', read)).toThrow(
      new FlagError('--dns.port: expected less', { cause }),
    );
  });
});

describe('dashes', () => {
  it.each([
    { given: ['-conf', 'x'], meant: ['--conf', 'x'] },
    { given: ['-conf=x'], meant: ['--conf=x'] },
    { given: ['-dns.port=53'], meant: ['--dns.port=53'] },
    { given: ['-log-format', 'json'], meant: ['--log-format', 'json'] },
    { given: ['--conf', 'x'], meant: ['--conf', 'x'] },
    { given: ['-p', '53'], meant: ['-p', '53'] },
    { given: ['-'], meant: ['-'] },
    { given: ['-1'], meant: ['-1'] },
    { given: ['serve', 'a-file'], meant: ['serve', 'a-file'] },
    { given: ['-debug', '--', '-conf', 'x'], meant: ['--debug', '--', '-conf', 'x'] },
    { given: ['-setupiptables=false'], meant: ['--setupiptables=false'] },
    { given: ['-setupiptables'], meant: ['--setupiptables'] },
    { given: ['--debug=T', '-quiet=0'], meant: ['--debug=true', '--quiet=false'] },
    { given: ['--conf=T'], meant: ['--conf=T'] },
    { given: ['--', '--debug=T'], meant: ['--', '--debug=T'] },
    { given: ['--bogus=T'], meant: ['--bogus=T'] },
  ])('$given means $meant', ({ given, meant }) => {
    expect(normaliseFlags(given)).toEqual(meant);
  });

  it.each(['-debug=yes', '--debug=', '--skipteardown=2'])('refuses a switch that is neither: %s', (arg) => {
    expect(() => normaliseFlags([arg])).toThrow(/^--\w+: expected true or false, found "/);
  });
});
