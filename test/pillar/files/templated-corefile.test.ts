import { existsSync, mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricRegistry } from '../../../src/observe/metrics.ts';
import { TemplatedCorefile } from '../../../src/pillar/files/templated-corefile.ts';
import type { TemplateSettings } from '../../../src/pillar/files/templated-corefile.ts';
import { tempDirectory } from '../../support/temp-file.ts';
import { DEPLOYED_TEMPLATE } from '../node-cache-manifest.ts';
import { writeVolume } from './kubelet-volume.ts';

const TEMPLATE = '.:53 {\n    forward . __PILLAR__UPSTREAM__SERVERS__\n}\n';
const RENDERED = '.:53 {\n    forward . /etc/resolv.conf\n}\n';
const stubBlock = (domain: string, server: string): string =>
  `\n${domain}:53 {\n    errors\n    cache 30\n    bind 169.254.20.10\n    forward . ${server}\n}\n`;

/** A template and a ConfigMap in a directory, and what was made of them. */
class Bench {
  readonly base: string;
  readonly configMap: string;
  readonly output: string;
  readonly lines: string[] = [];
  readonly metrics = new MetricRegistry();
  readonly corefile: TemplatedCorefile;

  constructor(settings: Partial<TemplateSettings> = {}, environment: Record<string, string> = {}) {
    const directory = tempDirectory();
    this.base = join(directory, 'Corefile.base');
    this.configMap = join(directory, 'kube-dns');
    this.output = join(directory, 'Corefile');
    mkdirSync(this.configMap);
    const say = (level: string) => (message: string) => void this.lines.push(`${level} ${message}`);
    this.corefile = new TemplatedCorefile(
      {
        baseCorefile: this.base,
        kubeDnsDirectory: this.configMap,
        upstreamService: 'kube-dns-upstream',
        clusterDomain: undefined,
        prometheusAddress: ':9253',
        localAddresses: ['169.254.20.10'],
        dnsPort: 53,
        output: this.output,
        ...settings,
      },
      {
        environment,
        log: {
          debugEnabled: false,
          debug: () => undefined,
          info: say('info'),
          warn: say('warn'),
          error: say('error'),
          line: () => undefined,
          child: () => expect.unreachable(),
        },
        metrics: this.metrics,
        zonesOf: (_file, text) => new Set(text.includes('cluster.local:53') ? ['cluster.local.:53'] : []),
      },
    );
  }

  /** The text after the ConfigMap says this. */
  textWith(data: Readonly<Record<string, string>>): string {
    writeVolume(this.configMap, data);
    return this.corefile.text();
  }

  get errors(): number {
    return this.metrics.counter('coredns_nodecache_setup_errors_total', '', ['errortype']).with('configmap')
      .value;
  }

  get complaints(): string[] {
    return this.lines.filter((line) => !line.startsWith('info'));
  }
}

describe('a Corefile made of a template', () => {
  it('has stub domains behind the template, and is written where it can be', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    const text = bench.textWith({ stubDomains: '{"b.test": ["192.0.2.2"], "a.test": ["192.0.2.1"]}' });
    expect(text).toBe(RENDERED + stubBlock('a.test', '192.0.2.1') + stubBlock('b.test', '192.0.2.2'));
    expect(readFileSync(bench.output, 'utf8')).toBe(text);
    expect(bench.lines).toEqual([`info Corefile made of ${bench.base}, with stub domains a.test b.test`]);
    expect(bench.errors).toBe(0);
  });

  it('names the file that is written in errors, and the template where none is', () => {
    expect(new Bench().corefile.file).toMatch(/\/Corefile$/);
    expect(new Bench({ output: undefined }).corefile.file).toMatch(/\/Corefile\.base$/);
  });

  it('is served from memory where it cannot be written, which is said once', () => {
    const bench = new Bench({ output: '/proc/nowhere/Corefile' });
    writeFileSync(bench.base, TEMPLATE);
    expect(bench.corefile.text()).toBe(RENDERED);
    bench.textWith({ upstreamNameservers: '["192.0.2.3"]' });
    const said = bench.lines.filter((line) => line.includes('served from memory'));
    expect(said).toEqual([
      'info /proc/nowhere/Corefile is served from memory, since it cannot be written: ENOENT: no such file or directory',
    ]);
    expect(bench.errors).toBe(0);
  });

  it('is written later where it could not be, which is said once', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    // What is a directory cannot be replaced by a file.
    mkdirSync(bench.output);
    bench.corefile.text();
    bench.corefile.text();
    rmdirSync(bench.output);
    bench.corefile.text();
    expect(readFileSync(bench.output, 'utf8')).toBe(RENDERED);
    expect(bench.lines.filter((line) => line.includes('served from memory'))).toHaveLength(1);
  });

  it('is written again only when it is another one', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    bench.corefile.text();
    rmSync(bench.output);
    bench.corefile.text();
    expect(existsSync(bench.output)).toBe(false);
  });

  it('asks the address that the environment has for the Service', () => {
    const bench = new Bench({}, { KUBE_DNS_UPSTREAM_SERVICE_HOST: '10.96.7.7' });
    writeFileSync(bench.base, DEPLOYED_TEMPLATE);
    expect(bench.corefile.text()).toContain('\n    forward . 10.96.7.7 {\n');
  });

  it('cannot be without a template, or an address that it needs', () => {
    const bench = new Bench();
    expect(() => bench.corefile.text()).toThrow(
      `loading Corefile: open ${bench.base}: no such file or directory`,
    );
    writeFileSync(bench.base, DEPLOYED_TEMPLATE);
    expect(() => bench.corefile.text()).toThrow(/Corefile\.base:10 - __PILLAR__CLUSTER__DNS__ stands for/);
  });
});

describe('what is wrong', () => {
  it('costs the stub domain, is said and counted once, and again when it comes again', () => {
    const bench = new Bench();
    writeFileSync(bench.base, `cluster.local:53 {\n}\n${TEMPLATE}`);
    const data = {
      stubDomains: '{"a.test": ["ns.test"], "b.test": ["192.0.2.2"], "cluster.local": ["192.0.2.3"]}',
    };
    const text = bench.textWith(data);
    bench.corefile.text();
    expect(text).toBe(`cluster.local:53 {\n}\n${RENDERED}${stubBlock('b.test', '192.0.2.2')}`);
    expect(bench.complaints).toEqual([
      expect.stringMatching(
        /^error stub domain "a\.test" is left out: name server "ns\.test" is no IP address/,
      ),
      'error stub domain "cluster.local" is left out: the template has a server block for it',
    ]);
    expect(bench.errors).toBe(2);
    bench.textWith({});
    expect(bench.lines).toContain('info nothing is wrong with template and kube-dns ConfigMap any more');
    bench.textWith(data);
    expect(bench.errors).toBe(4);
  });

  it('with a ConfigMap leaves what was last good, until it is put right', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    const good = bench.textWith({ stubDomains: '{"a.test": ["192.0.2.1"]}' });
    expect(bench.textWith({ stubDomains: '{"a.test": ["192.' })).toBe(good);
    rmSync(bench.configMap, { recursive: true });
    expect(bench.corefile.text()).toBe(good);
    expect(bench.complaints).toEqual([
      expect.stringContaining('error stubDomains of the kube-dns ConfigMap stays as it was: '),
      expect.stringContaining('error the kube-dns ConfigMap stays as it was: ENOENT'),
    ]);
    expect(bench.textWith({ stubDomains: '{"a.test": ["192.0.2.9"]}' })).toBe(
      RENDERED + stubBlock('a.test', '192.0.2.9'),
    );
  });

  it('with a ConfigMap at the start leaves the template alone', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    expect(bench.textWith({ stubDomains: '{' })).toBe(RENDERED);
    expect(bench.errors).toBe(1);
  });

  it('with the template leaves what was last good', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    const good = bench.corefile.text();
    writeFileSync(bench.base, Buffer.from([0xff]));
    expect(bench.corefile.text()).toBe(good);
    rmSync(bench.base);
    expect(bench.corefile.text()).toBe(good);
    expect(bench.complaints).toHaveLength(2);
    writeFileSync(bench.base, TEMPLATE.replace('53', '54'));
    expect(bench.corefile.text()).toBe(RENDERED.replace('53', '54'));
  });

  it('is not that there is no directory at the usual place', () => {
    const bench = new Bench({ kubeDnsDirectory: undefined });
    writeFileSync(bench.base, TEMPLATE);
    expect(bench.corefile.text()).toBe(RENDERED);
    expect(bench.complaints).toEqual([]);
  });

  it('is not what only deserves a warning', () => {
    const bench = new Bench();
    writeFileSync(bench.base, TEMPLATE);
    bench.textWith({ upstreamNameservers: '["192.0.2.3"]' });
    bench.corefile.text();
    expect(bench.complaints).toEqual([
      'warn Did not find TCP upstream block to replace, assuming upstreams already use UDP.',
    ]);
    expect(bench.errors).toBe(0);
  });
});
