import { describe, expect, it } from 'vitest';
import { readPlainFlags } from '../../src/cli/plain-flags.ts';
import type { FlagValues } from '../../src/cli/plain-flags.ts';
import { flagsInVain, readTemplateFlags, withDefaultTemplate } from '../../src/cli/template-flags.ts';

function read(line: string): FlagValues {
  const values = readPlainFlags('run', line === '' ? [] : line.split(' '), {});
  if (values === undefined) throw new Error('not plain');
  return values;
}

describe('the flags of a template', () => {
  it('are, by default, those of node-cache', () => {
    expect(readTemplateFlags(read('-basecorefile B'))).toEqual({
      baseCorefile: 'B',
      kubeDnsDirectory: undefined,
      upstreamService: 'kube-dns',
      clusterDomain: undefined,
      prometheusAddress: ':9253',
    });
  });

  it('are nothing without a template', () => {
    expect(readTemplateFlags(read('-conf C -upstreamsvc S'))).toBeUndefined();
  });

  it.each([
    ['-kubednscm K', { kubeDnsDirectory: 'K' }],
    ['-kubednscm=', { kubeDnsDirectory: undefined }],
    ['-upstreamsvc kube-dns-upstream', { upstreamService: 'kube-dns-upstream' }],
    ['-upstreamsvc=', { upstreamService: 'kube-dns' }],
    ['-cluster-domain cluster.local', { clusterDomain: 'cluster.local' }],
    ['-cluster-domain cluster.local.', { clusterDomain: 'cluster.local' }],
    ['-prometheus-listen-address 127.0.0.1:1', { prometheusAddress: '127.0.0.1:1' }],
  ])('%s', (line, expected) => {
    const [flag, value = ''] = line.slice(1).split(/[ =]/);
    expect(readTemplateFlags({ basecorefile: 'B', [flag]: value })).toMatchObject(expected);
  });

  it.each([
    ['cluster-domain', '.'],
    ['cluster-domain', ''],
    ['cluster-domain', 'a..b'],
    ['cluster-domain', 'a b'],
    ['cluster-domain', 'a:53'],
    ['cluster-domain', 'a {'],
    ['prometheus-listen-address', '9253'],
    ['conf', 'stdin'],
  ])('refuse %s %j', (flag, value) => {
    expect(() => readTemplateFlags({ basecorefile: 'B', [flag]: value })).toThrow(`--${flag}: `);
  });
});

describe('the template where node-cache has it', () => {
  it.each([
    ['is taken when it is there', '', true, '/etc/coredns/Corefile.base'],
    ['is not taken when it is not', '', false, undefined],
    ['is not taken when there is another one', '-basecorefile B', true, 'B'],
  ])('%s', (_name, line, isThere, expected) => {
    const { basecorefile } = withDefaultTemplate(read(line), (path) => {
      expect(path).toBe('/etc/coredns/Corefile.base');
      return isThere;
    });
    expect(basecorefile).toBe(expected);
  });
});

describe('flags that are in vain without a template', () => {
  it('are told in one sentence', () => {
    expect(flagsInVain(read('-localip ::2 -upstreamsvc S -kubednscm K'))).toMatch(
      /^without effect: -kubednscm, -upstreamsvc; there is no template/,
    );
  });

  it.each(['-localip ::2 -conf C', '-basecorefile B -upstreamsvc S', '-conf C -reloadwithsignal'])(
    'are not told of with %s',
    (line) => {
      expect(flagsInVain(read(line))).toBeUndefined();
    },
  );
});
