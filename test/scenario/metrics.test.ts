/**
 * After known traffic a scrape has exactly the families of CoreDNS that the plugins in use have, with their types, labels and buckets,
 * and counts exactly that traffic: dashboards and alerts made for CoreDNS go on working.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { getPage, scrape } from '../support/page.ts';
import type { Scrape } from '../support/page.ts';
import { rawQuery } from '../support/raw-message.ts';
import type { RawQuery } from '../support/raw-message.ts';
import { closeConnection, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tool } from '../support/tools.ts';
import { UdpClient } from '../support/udp-client.ts';
import { FAMILIES, PROCESS_FAMILIES, RELOAD } from './prometheus/families.ts';

const promtool = tool('promtool');

/** What has happened here, of what families wait for. */
const HAPPENED: ReadonlySet<string | undefined> = new Set([undefined, RELOAD]);
const PLUGINS = ['cache', 'forward', 'health', 'hosts', 'prometheus', 'template'];
const EXPECTED = FAMILIES.filter(
  ({ plugin, when }) => HAPPENED.has(when) && ['always', ...PLUGINS].includes(plugin),
);

interface Asked extends Partial<RawQuery> {
  readonly name: string;
  readonly tcp?: boolean;
}

/** In this order, each after the answer to the one before. */
const TRAFFIC: readonly Asked[] = [
  { name: 'www.example' },
  { name: 'WWW.example' },
  { name: 'www.example', tcp: true },
  { name: 'www.example', edns: { dnssecOk: true } },
  { name: 'nobody.example', type: 'AAAA' },
  { name: 'nobody.example', type: 'AAAA' },
  { name: 'fails.example', type: 'TYPE65300' },
  { name: 'host.example' },
  { name: 'any.template.example', type: 'TXT' },
  { name: 'www.elsewhere' },
];

async function ask(port: number, { tcp = false, ...query }: Asked): Promise<void> {
  const octets = rawQuery(query);
  if (tcp) {
    const connection = await TcpClient.open({ port });
    connection.write(framed(octets));
    await connection.waitForMessages(1);
  } else {
    await (await UdpClient.open({ port })).ask(octets);
  }
}

describe('a scrape after known traffic', () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let server: string;
  let upstreamAt: string;
  let metrics: Scrape;
  let contentType: string | null;
  let text: string;

  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ name }) => {
      const [first] = name.toLowerCase().split('.');
      if (first === 'fails') return closeConnection();
      if (first === 'www') return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
      return reply({
        rcode: 'NXDOMAIN',
        authority: ['example. 30 IN SOA ns.example. root.example. 1 1 1 1 30'],
      });
    });
    const [port, pages] = await Promise.all([freePort(), freePort()]);
    daemon = await startDaemon({
      corefile: `example:${port} {
        bind 127.0.0.1
        debug
        errors
        log
        reload
        health 127.0.0.1:${pages}
        ready 127.0.0.1:${pages}
        prometheus 127.0.0.1:${pages}
        cache 30
        template ANY TXT template.example {
          answer "{{ .Name }} 30 IN TXT made"
        }
        hosts {
          192.0.2.7 host.example
          fallthrough
        }
        forward . 127.0.0.1:${upstream.port} {
          force_tcp
          max_fails 0
        }
      }
`,
    });
    server = `dns://127.0.0.1:${port}`;
    upstreamAt = `127.0.0.1:${upstream.port}`;
    for (const query of TRAFFIC) await ask(port, query);
    const reloaded = daemon.waitForLine(/Reloading complete/);
    daemon.signal('SIGUSR1');
    await reloaded;
    ({ contentType, body: text } = await getPage(pages, '/metrics'));
    metrics = await scrape(pages);
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  it('is in the text format', () => {
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it.skipIf(promtool === undefined)('passes promtool (Debian package prometheus)', () => {
    const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
  });

  it('has exactly these families of CoreDNS', () => {
    const names = [...metrics.families.keys()].filter((name) => name.startsWith('coredns_'));
    expect(names.toSorted()).toEqual(EXPECTED.map(({ name }) => name).toSorted());
  });

  it.each(EXPECTED)('has $name, a $type', ({ name, type, labels, buckets }) => {
    const family = metrics.families.get(name);
    expect(family?.type).toBe(type);
    expect(family?.help).not.toBe('');
    for (const series of family?.series ?? []) {
      expect([...series.labels.keys()].filter((label) => label !== 'le')).toEqual(labels);
    }
    expect(bucketsOf(metrics, name)).toEqual(buckets === undefined ? [] : [buckets.join(' ')]);
  });

  it('has what is its own under its own name, and the process', () => {
    const others = [...metrics.families.keys()].filter((name) => !name.startsWith('coredns_'));
    const foreign = others.filter((name) => !name.startsWith('nodelocaldns_'));
    expect(foreign.toSorted()).toEqual(PROCESS_FAMILIES);
    expect(metrics.sum('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(metrics.sum('process_start_time_seconds')).toBeGreaterThan(1.7e9);
  });

  it('says what runs', () => {
    expect(metrics.series('coredns_build_info')).toEqual([
      `version=${manifest.version} revision= goversion=${process.version.replace('v', 'node')}`,
    ]);
    const { families } = metrics;
    const names = families.get('coredns_plugin_enabled')?.series.map(({ labels }) => labels.get('name'));
    expect(names?.toSorted()).toEqual(
      ['cache', 'errors', 'forward', 'hosts', 'log', 'prometheus', 'template'].toSorted(),
    );
    expect(metrics.sum('coredns_plugin_enabled', { server, zone: 'example.', view: '' })).toBe(7);
  });

  it('counts queries', () => {
    const zone = { server, zone: 'example.', view: '', family: '1' };
    const requests = (labels: Readonly<Record<string, string>>): number =>
      metrics.sum('coredns_dns_requests_total', { ...zone, ...labels });
    expect(requests({})).toBe(TRAFFIC.length - 1);
    expect(requests({ proto: 'tcp', type: 'A' })).toBe(1);
    expect(requests({ proto: 'udp', type: 'A' })).toBe(4);
    expect(requests({ proto: 'udp', type: 'AAAA' })).toBe(2);
    expect(requests({ proto: 'udp', type: 'TXT' })).toBe(1);
    expect(requests({ proto: 'udp', type: 'other' })).toBe(1);
    expect(requests({ zone: 'dropped' })).toBe(1);
    expect(metrics.sum('coredns_dns_do_requests_total', { zone: 'example.' })).toBe(1);
    expect(metrics.sum('coredns_dns_request_duration_seconds_count')).toBe(TRAFFIC.length);
    expect(metrics.sum('coredns_dns_request_size_bytes_count')).toBe(TRAFFIC.length);
    const octets = TRAFFIC.map((query) => rawQuery(query).length);
    expect(metrics.sum('coredns_dns_request_size_bytes_sum')).toBe(octets.reduce((sum, next) => sum + next));
  });

  it.each([
    ['example.', 'NOERROR', 'cache', 2],
    ['example.', 'NOERROR', 'forward', 2],
    ['example.', 'NXDOMAIN', 'forward', 1],
    ['example.', 'NXDOMAIN', 'cache', 1],
    ['example.', 'NOERROR', 'hosts', 1],
    ['example.', 'NOERROR', 'template', 1],
    ['example.', 'SERVFAIL', '', 1],
    ['dropped', 'REFUSED', '', 1],
  ])('counts answers of zone "%s" with %s by plugin "%s": %i', (zone, rcode, plugin, count) => {
    expect(metrics.sum('coredns_dns_responses_total', { server, zone, view: '', rcode, plugin })).toBe(count);
    expect(metrics.series('coredns_dns_responses_total')).toHaveLength(8);
  });

  it('counts what the cache does', () => {
    const labels = { server, zones: 'example.', view: '' };
    const sum = (name: string, more: Readonly<Record<string, string>> = {}): number =>
      metrics.sum(`coredns_cache_${name}`, { ...labels, ...more });
    expect(sum('requests_total')).toBe(TRAFFIC.length - 1);
    expect(sum('hits_total', { type: 'success' })).toBe(2);
    expect(sum('hits_total', { type: 'denial' })).toBe(1);
    expect(sum('misses_total')).toBe(6);
    expect(sum('entries', { type: 'success' })).toBe(4);
    // The failure counts as one.
    expect(sum('entries', { type: 'denial' })).toBe(2);
    expect(sum('drops_total')).toBe(0);
    expect(sum('evictions_total')).toBe(0);
  });

  it('counts what goes upstream', () => {
    const labels = { proxy_name: 'forward', to: upstreamAt };
    const exchanges = 'coredns_proxy_request_duration_seconds_count';
    expect(metrics.sum(exchanges, { ...labels, rcode: 'NOERROR' })).toBe(2);
    expect(metrics.sum(exchanges, { ...labels, rcode: 'NXDOMAIN' })).toBe(1);
    expect(metrics.sum(exchanges)).toBe(3);
    expect(metrics.sum('coredns_proxy_conn_cache_hits_total', { ...labels, proto: 'tcp' })).toBeGreaterThan(
      0,
    );
    expect(metrics.sum('coredns_proxy_conn_cache_misses_total', { ...labels, proto: 'tcp' })).toBeGreaterThan(
      0,
    );
    expect(metrics.sum('coredns_template_matches_total', { server, zone: 'template.example.' })).toBe(1);
  });
});

/** The bounds of each histogram's series, without repetition: all have the same. */
function bucketsOf(metrics: Scrape, name: string): string[] {
  const bySeries = new Map<string, string[]>();
  for (const series of metrics.families.get(name)?.series ?? []) {
    if (series.name !== `${name}_bucket`) continue;
    const rest = [...series.labels].filter(([label]) => label !== 'le').join(' ');
    bySeries.set(rest, [...(bySeries.get(rest) ?? []), series.labels.get('le') ?? '']);
  }
  return [...new Set([...bySeries.values()].map((bounds) => bounds.join(' ')))];
}
