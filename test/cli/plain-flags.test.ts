import { describe, expect, it, vi } from 'vitest';
import { runFullCommandLine } from '../../src/cli/full-command-line.ts';
import { FLAGS } from '../../src/cli/flags.ts';
import { readPlainFlags } from '../../src/cli/plain-flags.ts';
import type { FlagValues } from '../../src/cli/plain-flags.ts';

type Daemon = 'serve' | 'guard' | 'run';

const other = (): Promise<void> => Promise.reject(new Error('another subcommand was run'));

/** What yargs makes of the same command line; flags of this subcommand only. */
async function asYargsReads(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  daemon: Daemon = 'serve',
): Promise<FlagValues> {
  const read = vi.fn<(flags: FlagValues) => Promise<void>>(() => Promise.resolve());
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    await runFullCommandLine([daemon, ...args], '0', {
      run: other,
      guard: other,
      serve: other,
      check: other,
      [daemon]: read,
    });
  } finally {
    vi.unstubAllEnvs();
  }
  const values = read.mock.calls[0][0];
  const names = FLAGS.filter(({ of }) => of.includes(daemon)).map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

describe('a plain command line is read as yargs reads it', () => {
  it.each([
    ['nothing', []],
    ['a value behind a space', ['--conf', '/etc/Corefile']],
    ['a value behind an equals sign', ['--conf=/etc/Corefile']],
    ['one dash', ['-conf', '/etc/Corefile', '-dns.port=1053']],
    ['a short name', ['-p', '1053']],
    ['a short name and an equals sign', ['-p=1053']],
    ['an equals sign in a value', ['--conf=/etc/a=b']],
    ['a number', ['--conf', '053', '--grace=10s']],
    ['switches', ['--debug', '-quiet']],
    ['switches with a value', ['--debug=true', '-quiet=false', '-debug=F', '--quiet=1']],
    ['addresses', ['-localip', '169.254.20.10,fd00::10']],
    [
      'all of them',
      [
        '-conf',
        'x',
        '-p',
        '53',
        '--log-format',
        'json',
        '--udp=dgram',
        '-debug',
        '-quiet',
        '-pidfile=p',
        '-grace',
        '1s',
      ],
    ],
    ['repeated flags', ['--conf', 'a', '-p=1', '--conf=b', '--dns.port', '2', '--debug', '--debug']],
  ])('%s', async (_name, args) => {
    const values = readPlainFlags('serve', args, {});
    expect(values).toBeDefined();
    expect(values).toEqual(await asYargsReads(args, {}));
  });

  it.each<[Daemon, string[]]>([
    [
      'run',
      '-localip 169.254.20.10,10.96.0.10 -conf /etc/Corefile -upstreamsvc kube-dns-upstream -pidfile p'.split(
        ' ',
      ),
    ],
    [
      'run',
      '-setupiptables=false -setupinterface=0 -skipteardown -syncinterval=60ns -localip=::2'.split(' '),
    ],
    ['run', '-metrics-listen-address :9353 -user root --rules=nft --interface-type bridge'.split(' ')],
    ['guard', '-localip fd00::10 -lease 2s -probe-interval 100ms -once-clean -health-port=0'.split(' ')],
  ])('of %s: %j', async (daemon, args) => {
    const values = readPlainFlags(daemon, args, {});
    expect(values).toBeDefined();
    expect(values).toEqual(await asYargsReads(args, {}, daemon));
  });

  it.each([
    [
      'one',
      { NODELOCALDNS_CONF: '/etc/Corefile', NODELOCALDNS_DEBUG: '1', NODELOCALDNS_PORT: 'tcp://10.0.0.1:53' },
    ],
    ['one of no letters', { NODELOCALDNS_CONF: '', NODELOCALDNS_DEBUG: '' }],
  ])('with %s environment', async (_name, environment) => {
    const args = ['--dns.port', '1053'];
    expect(readPlainFlags('serve', args, environment)).toEqual(await asYargsReads(args, environment));
  });
});

describe('a command line that is not plain is left to yargs', () => {
  it.each([
    ['an unknown flag', ['--bogus']],
    ['a flag of another subcommand', ['--json']],
    ['help', ['--help']],
    ['the version', ['--version']],
    ['an operand', ['Corefile']],
    ['an operand behind a switch', ['--debug', 'false']],
    ['no value', ['--conf']],
    ['an empty value', ['--conf=']],
    ['another flag in place of the value', ['--conf', '--debug']],
    ['a value in quotes', ['--conf="x y"']],
    ['a value that is no choice', ['--udp', 'both']],
    ['the end of flags', ['--', '--debug']],
    ['two switches in one', ['-pd']],
  ])('%s', (_name, args) => {
    expect(readPlainFlags('serve', args, {})).toBeUndefined();
  });

  it('a value of the environment that is no choice', () => {
    expect(readPlainFlags('serve', [], { NODELOCALDNS_UDP: 'both' })).toBeUndefined();
  });
});
