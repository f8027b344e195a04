/**
 * The DaemonSet's container on a node with pods and kube-proxy: its command line and its Corefile, with its capabilities, on a read-only root file
 * system, asked by its probes and by a pod. That the manifest is in itself right is tested in `test/config`.
 */
import type { Probe } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partsOf, readManifest } from '../../config/manifest.ts';
import type { Child } from '../../support/child.ts';
import { servePid } from '../support/daemons.ts';
import { buildLab } from '../support/lab.ts';
import type { Lab } from '../support/lab.ts';
import { requireLab } from '../support/namespace.ts';
import { CACHED_NAME, CLUSTER_IP } from '../support/plan.ts';
import { readPage, startConfined, untilReady } from './confined-daemon.ts';
import { statusOf } from './process-status.ts';

const { available, reason } = requireLab('nft', 'iptables', 'setpriv', 'knotd', 'dig', 'ptp');

const { container, daemonSet } = partsOf(readManifest());
const granted = container.securityContext?.capabilities?.add ?? [];
const graceSeconds = daemonSet.spec?.template.spec?.terminationGracePeriodSeconds ?? 0;

const urlOf = (probe: Probe | undefined): string =>
  `http://${probe?.httpGet?.host}:${probe?.httpGet?.port}${probe?.httpGet?.path}`;

describe.skipIf(!available)(`the container of the DaemonSet ${reason}`, () => {
  let lab: Lab;
  let pod: Child;

  beforeAll(async () => {
    lab = await buildLab('nftables');
    pod = startConfined(lab, { args: container.args ?? [], capabilities: granted });
    await untilReady(pod, () => readPage(lab.node, urlOf(container.readinessProbe)).status === 200);
  });

  afterAll(async () => {
    await pod?.stop();
    await lab?.close();
  });

  it('is alive where the liveness probe looks', () => {
    expect(readPage(lab.node, urlOf(container.livenessProbe)).status).toBe(200);
  });

  it('answers a pod that asks the cluster DNS address', () => {
    const ask = ['dig', '+short', '+tries=1', '+timeout=1', `@${CLUSTER_IP.ipv4}`, CACHED_NAME];
    expect(lab.pod1.run(ask[0] ?? '', ...ask.slice(1)).trim()).not.toBe('');
    const { status, body } = readPage(lab.node, 'http://127.0.0.1:9253/metrics');
    expect(status).toBe(200);
    expect(body).toMatch(/^coredns_dns_requests_total\{.*server="dns:\/\/10\.96\.0\.10:53".*\} [1-9]/m);
  });

  it('has the capabilities that it is granted, and needs no others', () => {
    expect(statusOf(pod.pid)).toEqual({
      user: 0,
      capabilities: expect.arrayContaining(granted) as string[],
      noNewPrivileges: true,
    });
    expect(statusOf(pod.pid).capabilities).toHaveLength(granted.length);
    expect(pod.lines().filter((line) => /^\[(?:WARNING|ERROR)\]/.test(line))).toEqual([]);
  });

  it('answers queries as a user who can bind port 53 and nothing else', () => {
    expect(statusOf(servePid(pod))).toEqual({
      user: 65_532,
      capabilities: ['NET_BIND_SERVICE'],
      noNewPrivileges: true,
    });
  });

  it('ends within its time, and takes rules and interface with it', async () => {
    const began = performance.now();
    pod.signal('SIGTERM');
    expect(await pod.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(graceSeconds * 1000);
    expect(lab.node.run('nft', 'list', 'tables')).not.toContain('nodelocaldns');
    expect(lab.node.run('ip', '-brief', 'link')).not.toContain('nodelocaldns');
  });
});
