/**
 * Without a Corefile the daemon serves a small cluster of its own, on ports that rarely collide and with no privileges, so that somebody
 * who has just cloned it sees it work. The ports are fixed; where somebody else has them this is left out, except in CI.
 */
import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { startChild } from '../support/child.ts';
import type { Child } from '../support/child.ts';
import { READY_PATTERN, REPOSITORY_ROOT } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import type { DigResult } from '../support/dig.ts';
import { isFree } from '../support/free-port.ts';
import { getPage, scrape } from '../support/page.ts';
import { findTool, requireTools, toolsAreRequired } from '../support/tools.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const PORT = 10_053;
const PAGES = { metrics: 9_253, health: 9_254, ready: 9_255 };
/** What `setpriv` needs to start a program as nobody in particular. */
const UNPRIVILEGED = [
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--inh-caps=-all',
  '--bounding-set=-all',
  '--no-new-privs',
];

const { available, reason } = requireTools('dig');
const ports = [PORT, ...Object.values(PAGES)];
const taken = await takenPorts();
const portsAreOurs = taken.length === 0 || toolsAreRequired();
const whyLeftOut = portsAreOurs ? reason : `(taken: port ${taken.join(', ')})`;

async function takenPorts(): Promise<number[]> {
  const free = await Promise.all(ports.map(isFree));
  return ports.filter((_, index) => !free[index]);
}

const hosts = Object.values(networkInterfaces())
  .flat()
  .map((address) => address?.address ?? '')
  .filter((address) => address === '127.0.0.1' || address === '::1');

const ask = (host: string, ...words: string[]): Promise<DigResult> =>
  dig([`@${host}`, '-p', String(PORT), '+tries=1', ...words]);

const SOA = 'cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5';

async function expectCluster(): Promise<void> {
  for (const host of hosts) {
    for (const transport of ['+notcp', '+tcp']) {
      const address = await ask(host, transport, 'kubernetes.default.svc.cluster.local');
      expect(address.answer.map(withoutTtl)).toEqual([
        'kubernetes.default.svc.cluster.local. IN A 10.96.0.1',
      ]);
      expect(address.transport).toBe(transport === '+tcp' ? 'TCP' : 'UDP');
      const sixth = await ask(host, transport, 'shop.default.svc.cluster.local', 'AAAA');
      expect(sixth.answer.map(withoutTtl)).toEqual(['shop.default.svc.cluster.local. IN AAAA fd00::14:7']);
      const pod = await ask(host, transport, '10-1-2-3.default.pod.cluster.local');
      expect(pod.answer.map(withoutTtl)).toEqual(['10-1-2-3.default.pod.cluster.local. IN A 10.1.2.3']);
      // Nobody has asked for this one before.
      const denial = await ask(
        host,
        transport,
        `${transport.slice(1)}.${host.length}.default.svc.cluster.local`,
      );
      expect({ status: denial.status, authority: denial.authority }).toEqual({
        status: 'NXDOMAIN',
        authority: [SOA],
      });
      const noPod = await ask(host, transport, '10-1-2.default.pod.cluster.local');
      expect(noPod.status).toBe('NXDOMAIN');
    }
  }
}

function serve(...prefix: readonly string[]): Child {
  return startChild({
    command: [...prefix, process.execPath, 'src/main.ts', 'serve'],
    cwd: REPOSITORY_ROOT,
    env: { NODELOCALDNS_CONF: undefined },
  });
}

describe.skipIf(!available || !portsAreOurs)(`serve without a Corefile ${whyLeftOut}`, () => {
  it('answers for its cluster on both families, over UDP and TCP, and shows its pages', async () => {
    const daemon = serve();
    await daemon.waitForLine(READY_PATTERN);
    await expectCluster();
    expect(await getPage(PAGES.health, '/health')).toMatchObject({ status: 200, body: 'OK' });
    expect(await getPage(PAGES.ready, '/ready')).toMatchObject({ status: 200, body: 'OK' });
    const metrics = await scrape(PAGES.metrics);
    // Five questions over each transport and family. Four of them are the same every time, and asked for once.
    const rounds = hosts.length * 2;
    expect(metrics.sum('coredns_dns_requests_total')).toBe(rounds * 5);
    expect(metrics.sum('coredns_cache_hits_total')).toBe((rounds - 1) * 4);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });

  it('says what listens where, and what to try', async () => {
    const daemon = serve();
    await daemon.waitForLine(READY_PATTERN);
    const lines = daemon.lines();
    for (const host of hosts) {
      for (const zone of ['.', 'cluster.local.', 'kubernetes.default.svc.cluster.local.']) {
        expect(lines).toContain(`[INFO] ${zone}:${PORT} on ${host}`);
      }
    }
    for (const [page, port] of Object.entries(PAGES)) {
      expect(lines.find((line) => line.startsWith('[INFO] pages: '))).toContain(` 127.0.0.1:${port}/${page}`);
    }
    const tries = lines.flatMap((line) => /^\[INFO\] try: (.*)$/.exec(line)?.[1] ?? []);
    const digLine = tries.find((line) => line.startsWith('dig ')) ?? '';
    expect((await dig(digLine.split(' ').slice(1))).answer).toEqual([
      'kubernetes.default.svc.cluster.local. 30 IN A 10.96.0.1',
    ]);
    const [, url = ''] = /^curl (\S+)$/.exec(tries.find((line) => line.startsWith('curl ')) ?? '') ?? [];
    expect((await fetch(url)).status).toBe(200);
    await daemon.stop();
  });

  const setpriv = findTool('setpriv');
  const otherUser = whyNotAnotherUser(setpriv);
  it.skipIf(otherUser !== '')(`needs no privileges ${otherUser}`, async () => {
    const daemon = serve(setpriv ?? '', ...UNPRIVILEGED);
    await daemon.waitForLine(READY_PATTERN);
    await expectCluster();
    expect((await scrape(PAGES.metrics)).sum('coredns_dns_requests_total')).toBeGreaterThan(0);
    expect(daemon.lines().filter((line) => line.startsWith('[ERROR]'))).toEqual([]);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });
});

function whyNotAnotherUser(setpriv: string | undefined): string {
  if (process.getuid?.() !== 0) return '(left out: the tests have none themselves)';
  if (setpriv === undefined) return '(left out: no setpriv here)';
  const reads = `fs.accessSync('src/main.ts'); fs.accessSync('node_modules/yargs/package.json')`;
  const { status } = spawnSync(setpriv, [...UNPRIVILEGED, process.execPath, '-e', reads], {
    cwd: REPOSITORY_ROOT,
  });
  return status === 0 ? '' : '(left out: other users cannot read this directory)';
}
