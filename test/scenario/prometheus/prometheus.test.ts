/**
 * A real Prometheus reads the page of `serve` as it reads that of node-cache: every family that a Corefile of node-cache can bring forth is there,
 * under its name, of its type, with its labels and buckets. Both addresses under `run` are tried in the lab.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../../support/daemon.ts';
import { dig } from '../../support/dig.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { Scrape, getPage, scrape } from '../../support/page.ts';
import { Prometheus } from '../../support/prometheus.ts';
import { requireTools } from '../../support/tools.ts';
import { parseExposition } from '../../observe/parse-exposition.ts';
import { expectFamilies, expectNoComplaint, expectOrder, expectSeries } from './expect-families.ts';
import { OTHER_VALUES } from './families.ts';
import { QUESTIONS, RESOLV_CONF, digArguments, fullCorefile } from './full-corefile.ts';

const { available, reason } = requireTools('prometheus', 'promtool', 'dig');
const ADDRESS = '127.0.0.1';
const JOB = 'serve';

describe.skipIf(!available)(`a Prometheus that scrapes serve ${reason}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-metrics-'));
  let daemon: Child;
  let prometheus: Prometheus;
  let page: string;

  beforeAll(async () => {
    const [port, metricsPort, healthPort, upstreamPort, deadPort, ownPort] = await Promise.all(
      Array.from({ length: 6 }, () => freePort()),
    );
    const template = join(directory, 'Corefile.base');
    const resolvConf = join(directory, 'resolv.conf');
    writeFileSync(resolvConf, RESOLV_CONF);
    const places = { address: ADDRESS, port, metricsPort, healthPort, upstreamPort, deadPort, resolvConf };
    writeFileSync(template, fullCorefile(places));
    const files = ['-basecorefile', template, '-conf', join(directory, 'Corefile')];
    daemon = startChild({
      command: [process.execPath, 'src/main.ts', 'serve', ...files],
      cwd: REPOSITORY_ROOT,
    });
    await daemon.waitForLine(READY_PATTERN);
    for (const question of QUESTIONS) await dig(digArguments(ADDRESS, port, question));
    const reloaded = daemon.waitForNextLine(/Reloading complete/);
    daemon.signal('SIGUSR1');
    await reloaded;
    const probes = 'coredns_health_request_duration_seconds_count';
    await eventually(async () => (await scrape(metricsPort)).sum(probes) > 0);
    page = (await getPage(metricsPort, '/metrics')).body;
    prometheus = await Prometheus.start({ port: ownPort, jobs: { [JOB]: `${ADDRESS}:${metricsPort}` } });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([prometheus?.stop(), daemon?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('can read the page', async () => {
    expect(await prometheus.targets()).toMatchObject([{ scrapePool: JOB, health: 'up', lastError: '' }]);
  });

  it('finds the families of CoreDNS and node-cache, and no others under their names', () =>
    expectFamilies(prometheus, JOB));

  it('finds series of each, with the labels and buckets of CoreDNS', () => expectSeries(prometheus, JOB));

  it('finds labels and buckets in CoreDNS’s order in the text', () => expectOrder(page));

  it.each(OTHER_VALUES)('finds other values in $name: $how', ({ name, shows, lacks }) => {
    const series = new Scrape(parseExposition(page)).series(name);
    expect(series).not.toEqual([]);
    if (shows !== undefined) expect(series).toContainEqual(expect.stringMatching(shows));
    if (lacks !== undefined) expect(series).not.toContainEqual(expect.stringMatching(lacks));
  });

  it('has nothing to complain of, says promtool', () => expectNoComplaint(page));
});
