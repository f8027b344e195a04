// The Corefiles that users have: as node-local-dns's manifest ships it, before and after node-cache fills it in.

import { describe, expect, it } from 'vitest';
import { Cursor } from '../../src/corefile/cursor.ts';
import { parseZoneKey } from '../../src/corefile/zone-key.ts';
import { MANIFEST_TEMPLATE } from '../pillar/node-cache-manifest.ts';
import { outline, parseText } from './parse-text.ts';

// Its closing braces stand one level too deep, as they do in the manifest.
const FILLED_IN = MANIFEST_TEMPLATE.replaceAll('__PILLAR__DNS__DOMAIN__', 'cluster.local')
  .replaceAll('__PILLAR__LOCAL__DNS__', '169.254.20.10')
  .replaceAll('__PILLAR__DNS__SERVER__', '10.0.0.10')
  .replaceAll('__PILLAR__CLUSTER__DNS__', '10.0.0.11')
  .replaceAll('__PILLAR__UPSTREAM__SERVERS__', '/etc/resolv.conf');

const COMMON = { errors: 'errors', reload: 'reload', loop: 'loop', prometheus: 'prometheus :9253' };

describe("node-local-dns's Corefile", () => {
  it('is read as the manifest has it', () => {
    const blocks = parseText(MANIFEST_TEMPLATE);
    expect(blocks.map((block) => [block.keys, block.line])).toEqual([
      [['__PILLAR__DNS__DOMAIN__:53'], 1],
      [['in-addr.arpa:53'], 16],
      [['ip6.arpa:53'], 27],
      [['.:53'], 38],
    ]);
    expect([...(blocks[0]?.directives.keys() ?? [])]).toEqual(
      'errors cache reload loop bind forward prometheus health'.split(' '),
    );
  });

  it('is read when it has been filled in', () => {
    const bind = 'bind 169.254.20.10 10.0.0.10';
    const toCluster = 'forward . 10.0.0.11 { force_tcp }';
    expect(outline(parseText(FILLED_IN))).toEqual([
      [
        ['cluster.local:53'],
        {
          ...COMMON,
          cache: 'cache { success 9984 30 denial 9984 5 }',
          bind,
          forward: toCluster,
          health: 'health 169.254.20.10:8080',
        },
      ],
      [['in-addr.arpa:53'], { ...COMMON, cache: 'cache 30', bind, forward: toCluster }],
      [['ip6.arpa:53'], { ...COMMON, cache: 'cache 30', bind, forward: toCluster }],
      [['.:53'], { ...COMMON, cache: 'cache 30', bind, forward: 'forward . /etc/resolv.conf' }],
    ]);
  });

  it('has the zones and options that it says', () => {
    const blocks = parseText(FILLED_IN);
    expect(blocks.flatMap((block) => block.keys.flatMap((key) => parseZoneKey(key, 53)))).toEqual([
      { scheme: 'dns', zone: 'cluster.local.', port: 53 },
      { scheme: 'dns', zone: 'in-addr.arpa.', port: 53 },
      { scheme: 'dns', zone: 'ip6.arpa.', port: 53 },
      { scheme: 'dns', zone: '.', port: 53 },
    ]);
    const cursor = new Cursor('Corefile', blocks[0]?.directives.get('cache') ?? []);
    expect([cursor.next(), cursor.remainingArgs()]).toEqual([true, []]);
    const options: string[][] = [];
    while (cursor.nextBlock()) options.push([cursor.value, ...cursor.remainingArgs()]);
    expect(options).toEqual([
      ['success', '9984', '30'],
      ['denial', '9984', '5'],
    ]);
    expect(cursor.next()).toBe(false);
  });
});

describe('a compact Corefile of the same shape', () => {
  const text = `cluster.local:53 {
    errors
    cache { success 9984 30
            denial 9984 5 }        # written on separate lines in practice
    reload
    loop
    bind 169.254.20.10 10.0.0.10
    forward . 10.0.0.11 { force_tcp }
    prometheus :9253
    health 169.254.20.10:8080
}
.:53 {
    cache 30
    forward . /etc/resolv.conf
}
`;

  it('is grouped, braces included', () => {
    expect(outline(parseText(text))).toEqual([
      [
        ['cluster.local:53'],
        {
          ...COMMON,
          cache: 'cache { success 9984 30 denial 9984 5 }',
          bind: 'bind 169.254.20.10 10.0.0.10',
          forward: 'forward . 10.0.0.11 { force_tcp }',
          health: 'health 169.254.20.10:8080',
        },
      ],
      [['.:53'], { cache: 'cache 30', forward: 'forward . /etc/resolv.conf' }],
    ]);
  });

  it('gives the closing brace to whoever reads the rest of its line', () => {
    const cursor = new Cursor('Corefile', parseText(text)[0]?.directives.get('cache') ?? []);
    cursor.next();
    const options: string[][] = [];
    while (cursor.nextBlock()) options.push([cursor.value, ...cursor.remainingArgs()]);
    expect(options).toEqual([
      ['success', '9984', '30'],
      ['denial', '9984', '5', '}'],
    ]);
  });
});
