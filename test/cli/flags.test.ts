import { describe, expect, it } from 'vitest';
import { FLAGS, FlagError, normaliseDashes, optionsOf, readFlag } from '../../src/cli/flags.ts';

describe('the flags of a subcommand', () => {
  it.each([
    {
      subcommand: 'serve',
      names: ['cache-memory', 'conf', 'debug', 'dns.port', 'grace', 'log-format', 'pidfile', 'quiet', 'udp'],
    },
    { subcommand: 'check', names: ['dns.port', 'json'] },
  ] as const)('are those of its own: $subcommand', ({ subcommand, names }) => {
    expect(Object.keys(optionsOf(subcommand, {})).toSorted()).toEqual(names);
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
      grace: '5s',
    });
  });

  it('want a value where they are no switch, and say what they are for', () => {
    for (const flag of Object.values(optionsOf('serve', {}))) {
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
  ])('gives a flag that the command line does not: $name=$value', ({ name, value, flag, given }) => {
    expect(optionsOf('serve', { [name]: value })[flag].default).toBe(given);
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
  ])('$given means $meant', ({ given, meant }) => {
    expect(normaliseDashes(given)).toEqual(meant);
  });
});
