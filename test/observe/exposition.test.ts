import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { setBuildInfo } from '../../src/observe/build-info.ts';
import { exposeFamilies } from '../../src/observe/exposition.ts';
import type { HttpAnswer } from '../../src/observe/http-types.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { takeSnapshot } from '../../src/observe/snapshot.ts';
import { parseExposition } from './parse-exposition.ts';
import type { ParsedFamily } from './parse-exposition.ts';

const expose = (registry: MetricRegistry): Promise<HttpAnswer> => exposeFamilies(takeSnapshot(registry));

async function scrape(registry: MetricRegistry): Promise<Map<string, ParsedFamily>> {
  const { body } = await expose(registry);
  return parseExposition(body);
}

async function labelsAsScraped(value: string): Promise<(string | undefined)[]> {
  const registry = new MetricRegistry();
  registry.counter('a_total', 'A.', ['x']).with(value);
  registry.histogram('h', 'H.', ['x'], [1]).with(value);
  const families = await scrape(registry);
  return ['a_total', 'h'].map((name) => families.get(name)?.series[0].labels.get('x'));
}

function isPromClientLoaded(): boolean {
  const { cache } = createRequire(import.meta.url);
  return Object.keys(cache).some((path) => path.includes('/prom-client/'));
}

describe('a scrape', () => {
  // First in this file: a module that is loaded stays so.
  it('loads prom-client, and nothing before does', async () => {
    const registry = new MetricRegistry();
    expect(isPromClientLoaded()).toBe(false);
    await expose(registry);
    expect(isPromClientLoaded()).toBe(true);
  });

  it('is text format 0.0.4, status 200', async () => {
    const { status, contentType } = await expose(new MetricRegistry());
    expect(status).toBe(200);
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('shows counters and gauges with their labels in order', async () => {
    const registry = new MetricRegistry();
    const requests = registry.counter('requests_total', 'Requests.', ['server', 'zone']);
    requests.with('dns://:53', '.').value = 3;
    requests.with('dns://:53', 'cluster.local.').value = 4;
    registry.gauge('entries', 'Entries.').with().value = -1.5;
    const { body } = await expose(registry);
    expect(body).toContain(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{server="dns://:53",zone="."} 3',
        'requests_total{server="dns://:53",zone="cluster.local."} 4',
        '',
      ].join('\n'),
    );
    expect(body).toContain('# TYPE entries gauge\nentries -1.5\n');
    parseExposition(body);
  });

  it('shows a histogram as cumulative buckets, +Inf, sum and count', async () => {
    const registry = new MetricRegistry();
    const family = registry.histogram('took_seconds', 'Time.', ['server'], [0.00025, 0.5, 1]);
    for (const value of [0.0001, 0.4, 0.5, 0.75, 8]) family.with('a').observe(value);
    family.with('b').observe(2);
    const parsed = (await scrape(registry)).get('took_seconds');
    expect(parsed?.type).toBe('histogram');
    const rows = parsed?.series.map(({ name, labels, value }) => [
      name,
      labels.get('server'),
      labels.get('le'),
      value,
    ]);
    expect(rows).toEqual([
      ['took_seconds_bucket', 'a', '0.00025', 1],
      ['took_seconds_bucket', 'a', '0.5', 3],
      ['took_seconds_bucket', 'a', '1', 4],
      ['took_seconds_bucket', 'a', '+Inf', 5],
      ['took_seconds_sum', 'a', undefined, 9.6501],
      ['took_seconds_count', 'a', undefined, 5],
      ['took_seconds_bucket', 'b', '0.00025', 0],
      ['took_seconds_bucket', 'b', '0.5', 0],
      ['took_seconds_bucket', 'b', '1', 0],
      ['took_seconds_bucket', 'b', '+Inf', 1],
      ['took_seconds_sum', 'b', undefined, 2],
      ['took_seconds_count', 'b', undefined, 1],
    ]);
  });

  it.each([
    ['quotes', 'say "hi"'],
    ['newlines', 'one\ntwo'],
    ['backslashes', String.raw`\n is not a \ newline\\`],
    ['braces and commas', '{a="b",c}'],
    ['other control characters', '\0\r\t\x1B'],
    ['characters beyond ASCII', 'b\u00FCcher.example \u{1F600}'],
    ['nothing', ''],
  ])('keeps a label value that holds %s', async (_, value) => {
    expect(await labelsAsScraped(value)).toEqual([value, value]);
  });

  it('replaces half of a surrogate pair, which has no UTF-8', async () => {
    expect(await labelsAsScraped('a\uD83Db')).toEqual(['a\uFFFDb', 'a\uFFFDb']);
  });

  it('shows numbers of any size', async () => {
    const registry = new MetricRegistry();
    const family = registry.gauge('a', 'A.', ['x']);
    const values = [1e21, 1.5e-7, 2 ** 53, Infinity, -Infinity];
    for (const value of values) family.with(`${value}`).value = value;
    const series = (await scrape(registry)).get('a')?.series ?? [];
    expect(series.map(({ value }) => value)).toEqual(values);
  });

  it('keeps a help text on its line', async () => {
    const registry = new MetricRegistry();
    registry.counter('a_total', 'One\ntwo \\ three.');
    expect((await scrape(registry)).get('a_total')?.help).toBe('One\ntwo \\ three.');
  });

  it('runs the refreshers first, and survives one that throws', async () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge('a', 'A.').with();
    registry.beforeScrape(() => {
      throw new Error('broken');
    });
    registry.beforeScrape(() => {
      gauge.value++;
    });
    await expose(registry);
    const families = await scrape(registry);
    expect(families.get('a')?.series[0].value).toBe(2);
    expect(families.get('nodelocaldns_metrics_refresh_failures_total')?.series[0].value).toBe(2);
  });

  it('shows what appeared since the last one, and no more what was cleared', async () => {
    const registry = new MetricRegistry();
    const old = registry.gauge('old', 'Old.', ['x']);
    old.with('1');
    expect([...(await scrape(registry)).keys()]).toContain('old');
    old.clear();
    registry.counter('new_total', 'New.');
    const names = [...(await scrape(registry)).keys()];
    expect(names).toContain('new_total');
    expect(names).not.toContain('old');
  });
});

describe('the process', () => {
  it('is shown as Go programs show theirs, without gauges of Node', async () => {
    const families = await scrape(new MetricRegistry());
    const types = [...families].map(([name, { type }]) => [name, type]);
    expect(types).toEqual([
      ['nodelocaldns_metrics_refresh_failures_total', 'counter'],
      ['process_cpu_seconds_total', 'counter'],
      ['process_max_fds', 'gauge'],
      ['process_open_fds', 'gauge'],
      ['process_resident_memory_bytes', 'gauge'],
      ['process_start_time_seconds', 'gauge'],
      ['process_virtual_memory_bytes', 'gauge'],
      ['process_virtual_memory_max_bytes', 'gauge'],
    ]);
  });

  it('has plausible numbers from the first scrape on', async () => {
    const families = await scrape(new MetricRegistry());
    const value = (name: string): number => families.get(`process_${name}`)?.series[0].value ?? NaN;
    const usage = process.cpuUsage();
    expect(value('cpu_seconds_total')).toBeGreaterThan(0.01);
    expect(value('cpu_seconds_total')).toBeLessThanOrEqual((usage.user + usage.system) / 1e6);
    expect(value('open_fds')).toBeGreaterThan(2);
    expect(value('open_fds')).toBeLessThan(value('max_fds'));
    expect(value('resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(value('virtual_memory_bytes')).toBeGreaterThan(value('resident_memory_bytes'));
    expect(Math.abs(value('start_time_seconds') - Date.now() / 1000)).toBeLessThan(3600);
  });
});

describe('build info', () => {
  it('is one series, with the version of Node in place of Go', async () => {
    const registry = new MetricRegistry();
    setBuildInfo(registry, '0.0.9', '');
    setBuildInfo(registry, '0.1.0', 'abc123');
    const family = (await scrape(registry)).get('coredns_build_info');
    expect(family?.type).toBe('gauge');
    expect(family?.series).toEqual([
      {
        name: 'coredns_build_info',
        labels: new Map([
          ['version', '0.1.0'],
          ['revision', 'abc123'],
          ['goversion', `node${process.version.slice(1)}`],
        ]),
        value: 1,
      },
    ]);
  });
});
