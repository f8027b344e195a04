/**
 * A real Prometheus scrapes `run` on both of node-cache's addresses, the Corefile's `prometheus` and `-metrics-listen-address`: each shows all
 * metrics of both processes. What happens to the second one when `serve` is away is tried here too.
 */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  expectFamilies,
  expectNoComplaint,
  expectOrder,
  expectSeries,
} from '../../scenario/prometheus/expect-families.ts';
import {
  QUESTIONS,
  RESOLV_CONF,
  digArguments,
  fullCorefile,
} from '../../scenario/prometheus/full-corefile.ts';
import { eventually } from '../../support/eventually.ts';
import { Prometheus } from '../../support/prometheus.ts';
import type { SeriesLabels } from '../../support/prometheus.ts';
import { tempFile } from '../../support/temp-file.ts';
import { requireLab } from '../support/namespace.ts';
import { ADDRESSES, LabHost, untilIntercepting } from './lab-host.ts';
import type { RunProcess } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'setpriv', 'dig', 'prometheus', 'promtool');

const [ADDRESS] = ADDRESSES;
const JOBS = { corefile: '127.0.0.1:9253', flag: '127.0.0.1:9353' };
const OWN_PORT = 9090;

async function startRun(corefile: string): Promise<{ host: LabHost; run: RunProcess }> {
  const host = new LabHost(corefile);
  const run = host.startRun();
  await untilIntercepting(run);
  return { host, run };
}

function full(): string {
  const resolvConf = tempFile(RESOLV_CONF, 'resolv.conf');
  chmodSync(dirname(resolvConf), 0o755);
  const ports = { port: 53, metricsPort: 9253, healthPort: 8080, upstreamPort: 5302, deadPort: 5303 };
  return fullCorefile({ ...ports, address: ADDRESSES.join(' '), resolvConf });
}

const pageOf = (host: LabHost, address: string): string =>
  host.namespace.run('curl', '-sS', '--max-time', '5', `http://${address}/metrics`);

const identities = (series: readonly SeriesLabels[]): string[] =>
  series
    .map((labels) =>
      Object.entries(labels)
        .map(([label, value]) => `${label}=${value}`)
        .toSorted()
        .join(' '),
    )
    .toSorted();

describe.skipIf(!available)(`the metrics of run ${reason}`, () => {
  it('are on both addresses, for a real Prometheus and label for label', async () => {
    const { host, run } = await startRun(full());
    for (const question of QUESTIONS) host.namespace.succeeds('dig', ...digArguments(ADDRESS, 53, question));
    const reloaded = run.waitForNextLine(/Reloading complete/);
    run.signal('SIGUSR1');
    await reloaded;
    const prometheus = await Prometheus.start({
      port: OWN_PORT,
      jobs: JOBS,
      start: (options) => host.namespace.start(options.command, options),
      get: (url) => Promise.resolve(host.namespace.run('curl', '-sS', '--globoff', '--max-time', '5', url)),
    });
    for (const target of await prometheus.targets()) {
      expect(target).toMatchObject({ health: 'up', lastError: '' });
    }
    for (const [job, address] of Object.entries(JOBS)) {
      await expectFamilies(prometheus, job);
      await expectSeries(prometheus, job);
      const page = pageOf(host, address);
      expectOrder(page);
      expectNoComplaint(page);
    }
    // The first shows the guard's numbers as they were some seconds ago.
    const seriesOf = async (job: keyof typeof JOBS): Promise<string[]> =>
      identities(await prometheus.series(job));
    await expect.poll(async () => seriesOf('corefile'), { timeout: 20_000 }).toEqual(await seriesOf('flag'));
    expect(await seriesOf('flag')).toContainEqual(expect.stringContaining('nodelocaldns_guard_state'));
  });

  it('are on the second address also where the Corefile has none', async () => {
    const { host } = await startRun('.:53 {\n  cache\n  hosts {\n    192.0.2.1 a.test\n  }\n}\n');
    expect(host.asks(ADDRESS)).toBe('192.0.2.1');
    const page = pageOf(host, JOBS.flag);
    expect(page).toMatch(/^coredns_cache_requests_total\{server="dns:\/\/169\.254\.20\.10:53",.*\} [1-9]/m);
    expectNoComplaint(page);
  });

  it('are those of the guard alone while serve is frozen or dead, and come back with it or its successor', async () => {
    const { host, run } = await startRun('.:53 {\n  hosts {\n    192.0.2.1 a.test\n  }\n}\n');
    const serve = run.servePid();
    process.kill(serve, 'SIGSTOP');
    const alone = pageOf(host, JOBS.flag);
    expect(alone).toMatch(/^nodelocaldns_guard_state\{/m);
    expect(alone).toMatch(/^coredns_nodecache_setup_errors_total\{errortype="configmap"\} 0$/m);
    expect(alone).not.toMatch(/^process_/m);
    expectNoComplaint(alone);
    process.kill(serve, 'SIGCONT');
    await eventually(() => /^process_/m.test(pageOf(host, JOBS.flag)));
    process.kill(serve, 'SIGKILL');
    await eventually(() => !/^process_/m.test(pageOf(host, JOBS.flag)));
    await eventually(() => /^process_/m.test(pageOf(host, JOBS.flag)));
  });
});
