import { describe, expect, it } from 'vitest';
import type { WarningCode } from '../../src/explain/warning.ts';
import { tempFile } from '../support/temp-file.ts';
import { warningsIn } from './examined.ts';

/** `CODE LINE` of each. */
const found = (text: string, hostAddresses: readonly string[] = []): string[] =>
  warningsIn(text, hostAddresses).map(({ code, place }) => `${code} ${place.replace('Corefile:', '')}`);

const messageOf = (code: WarningCode, text: string): string => {
  const warning = warningsIn(text).find((one) => one.code === code);
  if (warning === undefined) throw new Error(`no warning ${code}`);
  return warning.message;
};

const block = (key: string, ...lines: string[]): string => `${key} {\n${lines.join('\n')}\n}\n`;
const onLoopback = (key: string, ...lines: string[]): string => block(key, 'bind 127.0.0.1', ...lines);

describe('an upstream that is the server itself', () => {
  it.each([
    ['the address of its own block', onLoopback('.:53', 'forward . 127.0.0.1'), ['loop 3']],
    [
      'one of several, the one that users take for the cluster DNS',
      block('cluster.local:53', 'bind 169.254.20.10 10.96.0.10', 'forward . 192.0.2.1 10.96.0.10'),
      ['loop 3'],
    ],
    ['written in another form', block('.:53', 'bind ::1', 'forward . [0:0:0:0:0:0:0:1]:53'), ['loop 3']],
    ['any loopback address, for a listener on all', block('.:53', 'forward . 127.0.0.9'), ['loop 2']],
    ['an address of this host, for a listener on all', block('.:53', 'forward . 198.51.100.7'), ['loop 2']],
    [
      'the block of another zone, which asks the first one',
      onLoopback('a.test:53', 'forward . 127.0.0.1:54') + onLoopback('.:54', 'forward . 127.0.0.1:53'),
      ['loop 3'],
    ],
    [
      'round three blocks',
      onLoopback('.:1', 'forward . 127.0.0.1:2') +
        onLoopback('.:2', 'forward . 127.0.0.1:3') +
        onLoopback('.:3', 'forward . 127.0.0.1:1'),
      ['loop 3', 'loop 7', 'loop 11'],
    ],
  ])('is told: %s', (_name, text, expected) => {
    expect(found(text, ['198.51.100.7'])).toEqual(expected);
  });

  it.each([
    ['another port', onLoopback('.:5353', 'forward . 127.0.0.1:53')],
    ['another address', onLoopback('.:53', 'forward . 127.0.0.2')],
    ['an address of another host, for a listener on all', block('.:53', 'forward . 198.51.100.8')],
    [
      'another block of this server that asks somebody else',
      onLoopback('a.test:53', 'forward . 127.0.0.1:54') + onLoopback('.:54', 'forward . 192.0.2.1'),
    ],
    [
      'a name that is excepted',
      onLoopback('a.test:53', 'forward . 127.0.0.1 {', 'except a.test', '}') +
        onLoopback('.:53', 'forward . 192.0.2.1'),
    ],
  ])('is not: %s', (_name, text) => {
    expect(found(text, ['198.51.100.7'])).toEqual([]);
  });

  it('is told with the file that names it, and the way back', () => {
    const file = tempFile('nameserver 127.0.0.1\n', 'resolv.conf');
    const text = onLoopback('a.test:53', `forward . ${file}`) + onLoopback('b.test:54', 'whoami');
    expect(messageOf('loop', text)).toBe(
      `a loop: 127.0.0.1:53 (in ${file}) is an address of this server itself. Such queries are never answered: name the resolver behind it, such as the Service of the cluster DNS under an address of its own`,
    );
    const two =
      onLoopback('a.test:53', 'forward . 127.0.0.1:54') + onLoopback('.:54', 'forward . 127.0.0.1:53');
    expect(messageOf('loop', two)).toContain('itself, and comes back by way of .:54 (Corefile:5). Such');
  });
});

describe('the stub of systemd-resolved', () => {
  it.each(['127.0.0.53', '127.0.0.54'])('is told, and not as a loop: %s', (address) => {
    expect(found(block('.:53', `forward . ${address}`))).toEqual(['stub-resolver 2']);
  });

  it('is told where a resolv.conf names it, with the file that has the servers behind it', () => {
    const file = tempFile('nameserver 127.0.0.53\noptions edns0\n', 'resolv.conf');
    const message = messageOf('stub-resolver', onLoopback('.:53', `forward . ${file}`));
    expect(message).toContain(`127.0.0.53:53 (in ${file}) is the stub of systemd-resolved`);
    expect(message).toContain('/run/systemd/resolve/resolv.conf');
  });
});

describe('a cache', () => {
  it.each([
    ['without forward', ['cache 30'], ['cache-without-forward 3']],
    ['without forward, before whoami', ['cache 30', 'whoami'], ['cache-without-forward 3']],
    ['before forward', ['forward . 192.0.2.1', 'cache 30'], []],
    ['before template, which computes', ['cache 30', 'template ANY ANY {', 'rcode NXDOMAIN', '}'], []],
    ['with one TTL for both', ['cache 30', 'forward . 192.0.2.1'], []],
    ['with neither', ['cache', 'forward . 192.0.2.1'], []],
    [
      'whose denials stay at their default',
      ['cache {', 'success 9984 30', '}', 'forward . 192.0.2.1'],
      ['denial-ttl 3'],
    ],
    [
      'whose denials live longer',
      ['cache {', 'success 9984 30', 'denial 9984 31', '}', 'forward . 192.0.2.1'],
      ['denial-ttl 3'],
    ],
    ['as node-cache has it', ['cache {', 'success 9984 30', 'denial 9984 5', '}', 'forward . 192.0.2.1'], []],
  ])('%s', (_name, lines, expected) => {
    expect(found(onLoopback('.:53', ...lines))).toEqual(expected);
  });

  it('is told how long its denials live', () => {
    const text = onLoopback('.:53', 'cache {', 'success 100 30', '}', 'forward . 192.0.2.1');
    expect(messageOf('denial-ttl', text)).toContain('up to 30m0s, longer than answers (30s)');
  });
});

describe('blocks', () => {
  it.each([
    ['whose zone has capitals', onLoopback('Example.org a.test', 'whoami'), ['upper-case-zone 1']],
    ['that answer nothing', block('.:53', 'bind 127.0.0.1'), ['no-answers 1']],
    [
      'that listen nowhere',
      block('.:53', 'bind 127.0.0.1 {', 'except 127.0.0.1', '}', 'whoami') + block('a.test:53', 'whoami'),
      ['no-listener 1'],
    ],
    [
      'on all addresses and on one of them',
      block('.:53', 'whoami') + block('a.test:53', 'bind 127.0.0.1', 'whoami'),
      ['shadowed-block 4'],
    ],
    [
      'on one address in two forms',
      block('.:53', 'bind ::1', 'whoami') + block('a.test:53', 'bind 0::1', 'whoami'),
      ['shadowed-block 5'],
    ],
    [
      'on all addresses, said in two ways',
      block('.:53', 'bind 0.0.0.0', 'whoami') + block('a.test:53', 'whoami'),
      ['shadowed-block 5'],
    ],
    ['on two ports', block('.:53', 'whoami') + block('.:54', 'bind 127.0.0.1', 'whoami'), []],
    ['side by side', onLoopback('.:53', 'whoami') + onLoopback('a.test:53', 'whoami'), []],
  ])('%s', (_name, text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

it('two blocks in each other’s way are told with both places', () => {
  const text = block('.:53', 'whoami') + block('a.test:53', 'bind 127.0.0.1', 'whoami');
  expect(messageOf('shadowed-block', text)).toMatch(
    /^this server block listens on 127\.0\.0\.1:53, and \.:53 \(Corefile:1\) on all addresses of port 53: /,
  );
});

describe('a forward line that is never asked', () => {
  it.each([
    [
      'behind one that takes everything',
      onLoopback('.:53', 'forward . 192.0.2.1', 'forward a.test 192.0.2.2'),
      ['shadowed-forward 4'],
    ],
    ['outside of its block', onLoopback('a.test:53', 'forward b.test 192.0.2.1'), ['shadowed-forward 3']],
    [
      'behind the block of a closer zone',
      onLoopback('.:53', 'forward b.a.test 192.0.2.1', 'forward . 192.0.2.2') +
        onLoopback('a.test:53', 'forward . 192.0.2.3'),
      ['shadowed-forward 3'],
    ],
    [
      'is not one behind a line that hands on',
      onLoopback('.:53', 'forward . 192.0.2.1 {', 'next NXDOMAIN', '}', 'forward . 192.0.2.2'),
      [],
    ],
    [
      'is not one in front of a wider one',
      onLoopback('.:53', 'forward a.test 192.0.2.1', 'forward . 192.0.2.2'),
      [],
    ],
    [
      'is not one whose closer zone is on another port',
      onLoopback('.:53', 'forward a.test 192.0.2.1') + onLoopback('a.test:54', 'forward . 192.0.2.3'),
      [],
    ],
  ])('%s', (_name, text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});
