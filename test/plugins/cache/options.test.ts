import { describe, expect, it } from 'vitest';
import { readCacheOptions } from '../../../src/plugins/cache/options.ts';
import type { CacheOptions } from '../../../src/plugins/cache/options.ts';
import { cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';

/** Options of `cache ARGS { LINES }` in a block for these zones. */
function read(text: string): CacheOptions {
  return readCacheOptions(cursorOf(text), fakeContext({ zones: zonesOf('example.org.', 'example.net.') }));
}

const block = (line: string): string => `cache {\n ${line}\n}`;

const DEFAULTS = {
  success: { capacity: 10_000, maxTtlSeconds: 3600, minTtlSeconds: 5, disabledZones: [] },
  denial: { capacity: 10_000, maxTtlSeconds: 1800, minTtlSeconds: 5, disabledZones: [] },
  servfailSeconds: 5,
  keepTtl: false,
  prefetch: undefined,
  stale: undefined,
};

const zonesIn = (options: CacheOptions): string[] => options.zones.map(({ text }) => text);

describe('a cache directive', () => {
  it('has the defaults of CoreDNS, and the zones of its block', () => {
    const options = read('cache');
    expect(options).toMatchObject(DEFAULTS);
    expect(zonesIn(options)).toEqual(['example.org.', 'example.net.']);
  });

  it.each([
    { text: 'cache 30', ttl: 30, zones: ['example.org.', 'example.net.'] },
    { text: 'cache +30', ttl: 30, zones: ['example.org.', 'example.net.'] },
    { text: 'cache 30 a.example.org B.example.org.', ttl: 30, zones: ['a.example.org.', 'b.example.org.'] },
    { text: 'cache a.example.org', ttl: undefined, zones: ['a.example.org.'] },
    { text: 'cache 10.0.0.0/15', ttl: undefined, zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
  ])('takes a TTL for both stores, and zones: $text', ({ text, ttl, zones }) => {
    const options = read(text);
    expect(options.success.maxTtlSeconds).toBe(ttl ?? 3600);
    expect(options.denial.maxTtlSeconds).toBe(ttl ?? 1800);
    expect(zonesIn(options)).toEqual(zones);
  });

  it.each([
    { line: 'success 2000', store: { capacity: 2000, maxTtlSeconds: 3600, minTtlSeconds: 5 } },
    { line: 'success 2000 60', store: { capacity: 2000, maxTtlSeconds: 60, minTtlSeconds: 5 } },
    { line: 'success 2000 60 0', store: { capacity: 2000, maxTtlSeconds: 60, minTtlSeconds: 0 } },
    { line: 'success 2000 60 10 and more', store: { capacity: 2000, maxTtlSeconds: 60, minTtlSeconds: 10 } },
    { line: 'success 1', store: { capacity: 1024 } },
    { line: 'success 0', store: { capacity: 1024 } },
    { line: 'success -5', store: { capacity: 1024 } },
  ])('takes bounds of a store: $line', ({ line, store }) => {
    expect(read(block(line)).success).toMatchObject(store);
    expect(read(block(line)).denial).toEqual(DEFAULTS.denial);
    const other = read(block(line.replace('success', 'denial')));
    const { maxTtlSeconds = 1800 } = store;
    expect(other.denial).toMatchObject({
      ...store,
      maxTtlSeconds: maxTtlSeconds === 3600 ? 1800 : maxTtlSeconds,
    });
    expect(other.success).toEqual(DEFAULTS.success);
  });

  it('takes the bounds of a store before the TTL for both', () => {
    const options = read('cache 30 {\n success 2000 60\n}');
    expect([options.success.maxTtlSeconds, options.denial.maxTtlSeconds]).toEqual([60, 30]);
  });

  it.each([
    { line: 'servfail 10s', seconds: 10 },
    { line: 'servfail 5m', seconds: 300 },
    { line: 'servfail 1500ms', seconds: 1.5 },
    { line: 'servfail 0', seconds: 0 },
  ])('takes how long failures are kept: $line', ({ line, seconds }) => {
    expect(read(block(line)).servfailSeconds).toBe(seconds);
  });

  it('takes keepttl', () => {
    expect(read(block('keepttl')).keepTtl).toBe(true);
  });

  it.each([
    { line: 'disable success', success: ['example.org.', 'example.net.'], denial: [] },
    { line: 'disable denial', success: [], denial: ['example.org.', 'example.net.'] },
    { line: 'disable denial a.test b.test', success: [], denial: ['a.test.', 'b.test.'] },
  ])('takes zones whose answers are not kept: $line', ({ line, success, denial }) => {
    const options = read(block(line));
    expect(options.success.disabledZones.map(({ text }) => text)).toEqual(success);
    expect(options.denial.disabledZones.map(({ text }) => text)).toEqual(denial);
  });

  it('disables the zones that it caches, where it names none', () => {
    const options = read('cache a.example.org {\n disable success\n}');
    expect(options.success.disabledZones.map(({ text }) => text)).toEqual(['a.example.org.']);
  });

  it.each([
    { line: 'prefetch 0', prefetch: undefined },
    { line: 'prefetch 10', prefetch: { amount: 10, gapSeconds: 60, percentage: 10 } },
    { line: 'prefetch 3 90s', prefetch: { amount: 3, gapSeconds: 90, percentage: 10 } },
    { line: 'prefetch 10 1m 90%', prefetch: { amount: 10, gapSeconds: 60, percentage: 90 } },
    { line: 'prefetch 10\n prefetch 0', prefetch: undefined },
  ])('takes which answers are asked for again: $line', ({ line, prefetch }) => {
    expect(read(block(line)).prefetch).toEqual(prefetch);
  });

  const STALE = {
    keepSeconds: 3600,
    verifies: false,
    timeoutMs: 0,
    responseTtlSeconds: 30,
    recheckMs: 30_000,
    prefersPositive: false,
    exceptZones: [],
  };
  const VERIFY = { ...STALE, verifies: true, timeoutMs: 1800 };

  it.each([
    { line: 'serve_stale', stale: STALE },
    { line: 'serve_stale 0', stale: undefined },
    { line: 'serve_stale 24h', stale: { ...STALE, keepSeconds: 86_400 } },
    { line: 'serve_stale 1h immediate', stale: STALE },
    { line: 'serve_stale 1h IMMEDIATE 0s 5s', stale: { ...STALE, responseTtlSeconds: 0, recheckMs: 5000 } },
    { line: 'serve_stale 1h verify', stale: VERIFY },
    { line: 'serve_stale 1h Verify 500ms', stale: { ...VERIFY, timeoutMs: 500 } },
    { line: 'serve_stale 1h verify 0', stale: { ...VERIFY, timeoutMs: 0 } },
    {
      line: 'serve_stale 1h verify 2s 10s 20s',
      stale: { ...VERIFY, timeoutMs: 2000, responseTtlSeconds: 10, recheckMs: 20_000 },
    },
    { line: 'serve_stale\n serve_stale_policy prefer_positive', stale: { ...STALE, prefersPositive: true } },
    {
      line: 'serve_stale_policy prefer_positive\n serve_stale 1h verify',
      stale: { ...VERIFY, prefersPositive: true },
    },
    { line: 'serve_stale_policy prefer_positive\n serve_stale 0', stale: undefined },
    { line: 'serve_stale_except a.test\n serve_stale 0', stale: undefined },
  ])('takes how answers are given that have expired: $line', ({ line, stale }) => {
    expect(read(block(line)).stale).toEqual(stale);
  });

  it.each([
    { line: 'serve_stale_except A.Test\n serve_stale', zones: ['a.test.'] },
    {
      line: 'serve_stale\n serve_stale_except a.test b.test\n serve_stale_except 10.0.0.0/8',
      zones: ['a.test.', 'b.test.', '10.in-addr.arpa.'],
    },
  ])('takes the zones that have no stale answers, of every line: $line', ({ line, zones }) => {
    expect(read(block(line)).stale?.exceptZones.map(({ text }) => text)).toEqual(zones);
  });
});

const PARSING = (line: number): string => `Corefile:${line} - Error during parsing: `;
const ARGUMENTS = (after: string): string =>
  `Wrong argument count or unexpected line ending after '${after}'`;

describe('a cache directive is refused', () => {
  it.each([
    { text: 'cache 0', line: 1, error: 'cache TTL can not be zero or negative: 0' },
    { text: 'cache -1', line: 1, error: 'cache TTL can not be zero or negative: -1' },
  ])('for its TTL: $text', ({ text, line, error }) => {
    expect(() => read(text)).toThrow(PARSING(line) + error);
  });

  it('for an argument that is neither TTL nor zone', () => {
    expect(() => read('cache a..b')).toThrow(new RangeError("unable to normalize 'a..b'"));
  });

  it.each([
    { line: 'success', error: ARGUMENTS('success') },
    { line: 'success x', error: 'strconv.Atoi: parsing "x": invalid syntax' },
    { line: 'success 2000 0', error: 'cache TTL can not be zero or negative: 0' },
    { line: 'success 2000 -3', error: 'cache TTL can not be zero or negative: -3' },
    { line: 'success 2000 1m', error: 'strconv.Atoi: parsing "1m": invalid syntax' },
    { line: 'success 2000 60 -1', error: 'cache min TTL can not be negative: -1' },
    { line: 'success 2000 60 x', error: 'strconv.Atoi: parsing "x": invalid syntax' },
    { line: 'denial', error: ARGUMENTS('denial') },
    {
      line: 'denial 99999999999999999999',
      error: 'strconv.Atoi: parsing "99999999999999999999": value out of range',
    },
    { line: 'denial 2000 0', error: 'cache TTL can not be zero or negative: 0' },
    { line: 'denial 2000 60 -1', error: 'cache min TTL can not be negative: -1' },
    { line: 'servfail', error: ARGUMENTS('servfail') },
    { line: 'servfail 1s 2s', error: ARGUMENTS('2s') },
    { line: 'servfail 5', error: 'time: missing unit in duration "5"' },
    { line: 'servfail -1s', error: 'invalid negative ttl for servfail' },
    { line: 'servfail 301s', error: 'caching SERVFAIL responses over 5 minutes is not permitted' },
    { line: 'disable', error: ARGUMENTS('disable') },
    { line: 'disable all', error: 'cache type for disable must be "success" or "denial"' },
    { line: 'keepttl yes', error: ARGUMENTS('yes') },
    { line: 'prefetch', error: ARGUMENTS('prefetch') },
    { line: 'prefetch x', error: 'strconv.Atoi: parsing "x": invalid syntax' },
    { line: 'prefetch -1', error: 'prefetch amount should be positive: -1' },
    { line: 'prefetch 1 1', error: 'time: missing unit in duration "1"' },
    { line: 'prefetch 1 1m 20', error: "last character of percentage should be `%`, but is: '0'" },
    { line: 'prefetch 1 1m x%', error: 'strconv.Atoi: parsing "x": invalid syntax' },
    { line: 'prefetch 1 1m 9%', error: 'percentage should fall in range [10, 90]: 9' },
    { line: 'prefetch 1 1m 91%', error: 'percentage should fall in range [10, 90]: 91' },
    { line: 'prefetch 1 1m 20% 4', error: ARGUMENTS('4') },
    { line: 'serve_stale x', error: 'time: invalid duration "x"' },
    { line: 'serve_stale -1s', error: 'invalid negative duration for serve_stale' },
    { line: 'serve_stale 1h later', error: 'invalid value for serve_stale refresh mode: later' },
    {
      line: 'serve_stale 1h verify x',
      error: 'invalid serve_stale verify timeout: time: invalid duration "x"',
    },
    { line: 'serve_stale 1h verify -1s', error: 'invalid negative timeout for serve_stale verify' },
    {
      line: 'serve_stale 1h immediate x',
      error: 'invalid serve_stale response TTL: time: invalid duration "x"',
    },
    { line: 'serve_stale 1h immediate -1s', error: 'invalid negative response TTL for serve_stale' },
    {
      line: 'serve_stale 1h immediate 1500ms',
      error: 'serve_stale response TTL must be a whole number of seconds',
    },
    {
      line: 'serve_stale 1h immediate 1193047h',
      error: 'serve_stale response TTL exceeds the DNS TTL range',
    },
    {
      line: 'serve_stale 1h immediate 1s x',
      error: 'invalid serve_stale failure recheck: time: invalid duration "x"',
    },
    { line: 'serve_stale 1h immediate 1s -1s', error: 'invalid negative failure recheck for serve_stale' },
    {
      line: 'serve_stale 1h verify 1s 1s 301s',
      error: 'serve_stale failure recheck cannot exceed 5 minutes',
    },
    { line: 'serve_stale 1h immediate 1s 1s 1s', error: ARGUMENTS('1s') },
    { line: 'serve_stale 1h verify 1s 1s 1s 1s', error: ARGUMENTS('1s') },
    { line: 'serve_stale_policy', error: ARGUMENTS('serve_stale_policy') },
    { line: 'serve_stale_policy prefer_positive 2', error: ARGUMENTS('2') },
    { line: 'serve_stale_policy any', error: 'invalid serve_stale_policy: any' },
    { line: 'serve_stale_except', error: ARGUMENTS('serve_stale_except') },
    { line: 'toString', error: ARGUMENTS('toString') },
    { line: 'unknown 1', error: ARGUMENTS('unknown') },
  ])('for its option: $line', ({ line, error }) => {
    expect(() => read(block(line))).toThrow(PARSING(2) + error);
  });

  it('for a policy without serve_stale', () => {
    expect(() => read(block('serve_stale_policy prefer_positive'))).toThrow(
      `${PARSING(3)}serve_stale_policy requires serve_stale`,
    );
  });

  it('for names without stale answers where nobody gets any', () => {
    expect(() => read(block('serve_stale_except a.test'))).toThrow(
      `${PARSING(3)}serve_stale_except requires serve_stale`,
    );
  });

  it('for a policy twice', () => {
    expect(() =>
      read(block('serve_stale_policy prefer_positive\n serve_stale_policy prefer_positive')),
    ).toThrow(`${PARSING(3)}serve_stale_policy can only be specified once`);
  });

  it('when it stands twice in a block', () => {
    expect(() => read('cache\ncache')).toThrow(
      new RangeError('this plugin can only be used once per Server Block'),
    );
  });
});
