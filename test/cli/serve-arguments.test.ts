import { describe, expect, it } from 'vitest';
import { readPlainFlags } from '../../src/cli/plain-flags.ts';
import type { FlagValues } from '../../src/cli/plain-flags.ts';
import { serveArguments, withoutOwnFlags } from '../../src/cli/serve-arguments.ts';

function read(line: string, env: Readonly<Record<string, string>> = {}): FlagValues {
  const values = readPlainFlags('run', line.split(' '), env);
  if (values === undefined) throw new Error('not plain');
  return values;
}

describe('the command line of the child', () => {
  it.each([
    [
      'what serve does not know',
      '-localip ::2 -conf C -rules nft -skipteardown',
      ['--conf=C', '--localip=::2'],
    ],
    ['defaults', '-localip ::2 -p 53 -grace 5s', ['--localip=::2']],
    [
      'what serve knows',
      '-localip ::2 -p 1053 -log-format json -udp dgram -cache-memory 8Mi -debug -quiet -grace 1s',
      [
        '--localip=::2',
        '--dns.port=1053',
        '--log-format=json',
        '--udp=dgram',
        '--cache-memory=8Mi',
        '--debug=true',
        '--quiet=true',
        '--grace=1s',
      ],
    ],
    [
      'what a template is made of',
      '-localip ::2 -conf C -basecorefile B -kubednscm K -upstreamsvc S -cluster-domain D -prometheus-listen-address :1 -reloadwithsignal -syncinterval 60ns',
      [
        '--conf=C',
        '--basecorefile=B',
        '--kubednscm=K',
        '--upstreamsvc=S',
        '--cluster-domain=D',
        '--prometheus-listen-address=:1',
        '--reloadwithsignal=true',
        '--localip=::2',
      ],
    ],
    ['the file with our process id', '-localip ::2 -pidfile p', ['--localip=::2']],
  ])('%s', (_name, line, flags) => {
    expect(serveArguments(read(line), {})).toEqual(['serve', ...flags]);
  });

  it('says what the environment would say otherwise', () => {
    const env = { NODELOCALDNS_GRACE: '9s', NODELOCALDNS_DEBUG: '1' };
    const values = read('-localip ::2 -grace 5s -debug=false', env);
    expect(serveArguments(values, env)).toEqual(['serve', '--localip=::2', '--debug=false', '--grace=5s']);
  });

  it('is read by serve as it was meant', () => {
    const values = read('-localip ::2 -conf C -debug -grace 1s');
    const [, ...args] = serveArguments(values, {});
    expect(readPlainFlags('serve', args, {})).toMatchObject({
      conf: 'C',
      localip: '::2',
      debug: true,
      grace: '1s',
    });
  });

  it('has no file of process ids from the environment either', () => {
    const env = { NODELOCALDNS_PIDFILE: 'p', NODELOCALDNS_DEBUG: '1', PATH: '/bin' };
    expect(withoutOwnFlags(env)).toEqual({ NODELOCALDNS_DEBUG: '1', PATH: '/bin' });
  });
});
