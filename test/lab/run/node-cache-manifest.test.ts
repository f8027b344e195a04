/**
 * The command line, the template and the ConfigMap of node-cache's default manifest, on a host of their own: `run` fills the template in, its
 * child serves it without privileges, and an edit of the ConfigMap takes effect while clients ask.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeVolume } from '../../pillar/files/kubelet-volume.ts';
import { DEPLOYED_TEMPLATE } from '../../pillar/node-cache-manifest.ts';
import type { Child } from '../../support/child.ts';
import { READY_PATTERN } from '../../support/daemon.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';
import { requireLab } from '../support/namespace.ts';
import { LabHost, untilIntercepting } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'setpriv', 'dig');

const ADDRESSES = ['169.254.20.10', '10.96.0.10'];
const CLUSTER_DNS = '10.96.7.7';
const STUB_SERVER = '10.96.7.8';

/** What node-cache finds in its container. */
class Container {
  readonly host = new LabHost();
  private readonly directory = tempDirectory();
  private readonly output = join(this.directory, 'Corefile');
  private readonly kubeDns = join(this.directory, 'kube-dns');

  constructor(template: string) {
    for (const address of [CLUSTER_DNS, STUB_SERVER]) {
      this.host.namespace.run('ip', 'addr', 'add', `${address}/32`, 'dev', 'uplink');
    }
    writeVolume(join(this.directory, 'coredns'), { 'Corefile.base': template });
    mkdirSync(this.kubeDns);
    this.setKubeDns({});
    chmodSync(this.directory, 0o755);
  }

  get isWritten(): boolean {
    return existsSync(this.output);
  }

  /** Readable for everybody, as the kubelet makes them. */
  setKubeDns(data: Readonly<Record<string, string>>): void {
    writeVolume(this.kubeDns, data);
  }

  /** Answers `a.NAME` in place of the cluster DNS or of a stub server. */
  async startServer(address: string, answer: string): Promise<void> {
    const corefile = `.:53 {\n  bind ${address}\n  template IN A {\n    answer "{{ .Name }} 5 IN A ${answer}"\n  }\n}\n`;
    const server = this.host.start([process.execPath, 'src/main.ts', 'serve', '-conf', tempFile(corefile)]);
    await server.waitForLine(READY_PATTERN);
  }

  start(args: readonly string[] = []): Child {
    const flags = [
      '-localip',
      ADDRESSES.join(','),
      '-conf',
      this.output,
      '-upstreamsvc',
      'kube-dns-upstream',
    ];
    const mounts = [
      '-basecorefile',
      join(this.directory, 'coredns', 'Corefile.base'),
      '-kubednscm',
      this.kubeDns,
    ];
    const kernel = ['--interface-type=bridge', '--rules=nft'];
    return this.host.start([process.execPath, 'src/main.ts', ...flags, ...mounts, ...kernel, ...args], {
      KUBE_DNS_UPSTREAM_SERVICE_HOST: CLUSTER_DNS,
    });
  }

  asks(address: string, name: string): string {
    return this.host.namespace.run('dig', '+short', '+tries=1', '+time=2', `@${address}`, name).trim();
  }
}

describe.skipIf(!available)(`node-cache’s manifest ${reason}`, () => {
  it('is served as it is, with stub domains that come and go', async () => {
    const container = new Container(DEPLOYED_TEMPLATE);
    await container.startServer(CLUSTER_DNS, '192.0.2.7');
    await container.startServer(STUB_SERVER, '192.0.2.8');
    const run = container.start();
    await untilIntercepting(run, ADDRESSES);
    for (const address of ADDRESSES) expect(container.asks(address, 'a.cluster.local')).toBe('192.0.2.7');

    const takenOver = run.waitForNextLine(/Corefile changed, reloading complete/);
    container.setKubeDns({ stubDomains: `{"acme.test": ["${STUB_SERVER}"], "bad.test": ["ns.bad.test"]}` });
    await takenOver;
    for (const address of ADDRESSES) expect(container.asks(address, 'a.acme.test')).toBe('192.0.2.8');
    const page = container.host.namespace.run('curl', '-sS', 'http://127.0.0.1:9253/metrics');
    expect(page).toMatch(/^coredns_nodecache_setup_errors_total\{errortype="configmap"\} 1$/m);
    expect(page).toMatch(/^coredns_nodecache_setup_errors_total\{errortype="iptables"\} 0$/m);

    // The child is nobody, and the directory is not its own.
    expect(container.isWritten).toBe(false);
    expect(run.lines().join('\n')).toMatch(
      /Corefile is served from memory, since it cannot be written: EACCES/,
    );
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it('is written where -conf says by a child that may', async () => {
    const container = new Container(DEPLOYED_TEMPLATE);
    const run = container.start(['--user', 'root']);
    await untilIntercepting(run, ADDRESSES);
    expect(container.isWritten).toBe(true);
  });

  it('that nobody has filled in does not start, and takes nothing over', async () => {
    const container = new Container(
      '__PILLAR__DNS__DOMAIN__:53 {\n  forward . __PILLAR__CLUSTER__DNS__\n}\n',
    );
    const run = container.start();
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.lines().join('\n')).toContain('Corefile.base:1 - __PILLAR__DNS__DOMAIN__ stands for');
  });
});
