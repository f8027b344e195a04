import { describe as group, expect, it } from 'vitest';
import { describe } from '../../src/explain/describe.ts';
import { explained } from './examined.ts';

/** The rows with this label, without it. */
const rows = (text: string, label: string): string[] =>
  describe(explained(text)).flatMap((line) =>
    /^ {2}(\w*) +(.*)$/.exec(line)?.[1] === label ? [line.slice(12)] : [],
  );

const block = (...lines: string[]): string => `.:53 {\nbind 127.0.0.1\n${lines.join('\n')}\n}\n`;

group('an explanation', () => {
  it.each([
    ['one', block('forward . 192.0.2.1'), ['192.0.2.1:53, over what the client came by (line 3)']],
    [
      'several, for a part of the names',
      block(
        'forward a.test 192.0.2.1 [2001:db8::1]:54 {',
        'except b.a.test',
        'prefer_udp',
        'policy sequential',
        '}',
      ),
      [
        '192.0.2.1:53, [2001:db8::1]:54, for a.test., not for b.a.test., over UDP first, sequential order (line 3)',
      ],
    ],
    ['over TLS', block('forward . tls://192.0.2.1'), ['tls://192.0.2.1:853 (line 3)']],
    ['nobody', block('errors'), ['nobody']],
    [
      'nobody, since there are answers',
      block('whoami', 'hosts'),
      ['nobody: answers are made by hosts, whoami'],
    ],
    [
      'two lines',
      block('forward a.test 192.0.2.1', 'forward . dns.test'),
      [
        '192.0.2.1:53, for a.test., over what the client came by (line 3)',
        'dns.test:53, over what the client came by (line 4)',
      ],
    ],
  ])('says who is asked: %s', (_name, text, expected) => {
    expect(rows(text, 'asks')).toEqual(expected);
  });

  it.each([
    ['nothing', block('whoami'), ['nothing']],
    [
      'the defaults',
      block('cache'),
      ['answers for 5s to 1h0m0s, at most 10000 entries; denials for 5s to 30m0s, at most 10000 entries'],
    ],
    [
      'bounds that leave one value',
      block('cache {', 'success 5000 30 30', 'denial 2000 2', '}'),
      ['answers for 30s, at most 5000 entries; denials for 2s, at most 2000 entries'],
    ],
    [
      'zones',
      block('cache 30 {', 'disable denial a.test', '}'),
      [
        'answers for 5s to 30s, at most 10000 entries; denials for 5s to 30s, at most 10000 entries, none of a.test.',
      ],
    ],
  ])('says what is kept: %s', (_name, text, expected) => {
    expect(rows(text, 'caches')).toEqual(expected);
  });

  it('says what else becomes of answers', () => {
    expect(rows(block('cache a.test {', 'servfail 0', 'serve_stale 2h', 'prefetch 3', '}'), '')).toEqual([
      'stale answers for 2h0m0s more; asks for popular ones before they end; only names under a.test.',
    ]);
  });

  it('says where a block listens, and that all addresses are all', () => {
    expect(rows('.:53 a.test:54 {\nwhoami\n}', 'listens')).toEqual([
      'port 53 of all addresses, port 54 of all addresses',
    ]);
    expect(rows('.:53 {\nbind ::1\nwhoami\n}', 'listens')).toEqual(['[::1]:53']);
  });

  it('says the rest as it was written, in the order in which it works', () => {
    const text = block('forward . 192.0.2.1', 'log a.test', 'hosts {', '192.0.2.7 b.test', '}', 'errors');
    expect(rows(text, 'with')).toEqual(['log a.test; hosts; errors']);
    expect(rows(text, 'order')).toEqual(['errors > log > hosts > forward']);
    const repeated = block('log a.test {', 'class denial', '}', 'log b.test');
    expect(rows(repeated, 'with')).toEqual(['log a.test; log b.test']);
    expect(rows(block(), 'order')).toEqual(['nothing: every query gets REFUSED']);
  });

  it('says what the daemon does as a whole', () => {
    const text = block('prometheus :9253', 'health {', 'lameduck 5s', '}', 'reload 10s 2s', 'multisocket 2');
    expect(describe(explained(text)).slice(-6)).toEqual([
      'the whole daemon',
      '  pages     :8080/health :9253/metrics',
      '  reloads   every 10s, give or take 1s',
      '  lameduck  5s',
      '  processes 2',
      '  memory    all caches together stay within --cache-memory, whatever their entries add up to',
    ]);
  });
});
