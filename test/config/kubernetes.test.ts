/** The manifest fits the API, and its parts fit each other and the program. What it starts is started in `test/lab/units`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Probe, ServicePort } from 'kubernetes-types/core/v1.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseSize } from '../../src/base/size.ts';
import { defaultCacheOctets } from '../../src/cli/cache-memory.ts';
import { whyNot } from '../../src/cli/check.ts';
import { FLAGS } from '../../src/cli/flags.ts';
import { tempFile } from '../support/temp-file.ts';
import { apiFaults } from './api-faults.ts';
import { KUBERNETES_DIRECTORY, argumentOf, parseManifest, partsOf, readManifest } from './manifest.ts';
import type { KubernetesObject } from './manifest.ts';

const MIB = 1024 * 1024;
/** Both processes without any cache, as the top README has them: RssAnon at start. */
const WITHOUT_CACHE_OCTETS = (32 + 20) * MIB;
const MOST_CACHE_OCTETS = 64 * MIB;
/** Of NodeLocal DNSCache 1.26. */
const DIRECTIVES_OF_NODE_CACHE =
  'bind bufsize cache debug dns64 dnstap errors forward health hosts loadbalance log loop metadata pprof prometheus reload rewrite template timeouts trace whoami'.split(
    ' ',
  );

const manifest = readManifest();
const { daemonSet, container, services, corefile } = partsOf(manifest);
const pod = daemonSet.spec?.template;
const podLabels = pod?.metadata?.labels ?? {};
const ports = container.ports ?? [];

/** Words behind each line that begins with `directive`, one list for each. */
const linesOf = (text: string, directive: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([first]) => first === directive)
    .map(([, ...words]) => words);

const matches = (selector: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(selector).every(([name, value]) => podLabels[name] === value);

describe('the manifest and the API', () => {
  it('has the objects that NodeLocal DNSCache has, under the same names', () => {
    expect(manifest.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'ServiceAccount kube-system/node-local-dns',
      'Service kube-system/kube-dns-upstream',
      'Service kube-system/node-local-dns',
      'ConfigMap kube-system/node-local-dns',
      'DaemonSet kube-system/node-local-dns',
    ]);
  });

  it('fit', () => {
    expect(apiFaults(manifest)).toEqual([]);
  });

  it.each([
    ['an unknown field', '"hostNetwork": true', '"hostNetwrok": true', 'hostNetwrok'],
    ['a text for a number', '"containerPort": 9253', '"containerPort": "9253"', 'containerPort'],
    ['a field missing', '"mountPath": "/run/xtables.lock"', '"readOnly": false', 'mountPath'],
  ])('would not fit with %s', (_, text, wrong, told) => {
    const whole = JSON.stringify(manifest, undefined, 1);
    expect(whole).toContain(text);
    const faults = apiFaults(JSON.parse(whole.replace(text, wrong)) as KubernetesObject[]);
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^DaemonSet: .*${told}`))]);
  });

  it('would not fit with a key that stands twice', () => {
    expect(() => parseManifest('kind: Service\nkind: ConfigMap\n')).toThrow(/unique/);
  });
});

describe('the parts of the manifest', () => {
  it('find the pods: the DaemonSet and the Service for metrics do, the Service of cluster DNS does not', () => {
    expect(daemonSet.spec?.selector.matchLabels).toEqual(podLabels);
    expect(matches(services['node-local-dns']?.spec?.selector)).toBe(true);
    expect(matches(services['kube-dns-upstream']?.spec?.selector)).toBe(false);
  });

  it('name ports that the pods have', () => {
    const named = services['node-local-dns']?.spec?.ports ?? [];
    const known = ports.map(({ name, containerPort }) => ({ name, port: containerPort }));
    expect(known).toEqual(expect.arrayContaining(named.map(({ name, port }) => ({ name, port }))));
    expect(named.map(({ port, targetPort }: ServicePort) => port === targetPort)).not.toContain(false);
    for (const metadata of [pod?.metadata, services['node-local-dns']?.metadata]) {
      expect(metadata?.annotations?.['prometheus.io/port']).toBe('9253');
    }
  });

  it('mount each volume, and no other', () => {
    const volumes = pod?.spec?.volumes?.map(({ name }) => name);
    expect(container.volumeMounts?.map(({ name }) => name).toSorted()).toEqual(volumes?.toSorted());
  });

  it('put the Corefile where -conf looks for it', () => {
    const config = pod?.spec?.volumes?.find(({ name }) => name === 'config')?.configMap;
    const mount = container.volumeMounts?.find(({ name }) => name === 'config');
    expect(config?.name).toBe('node-local-dns');
    expect(config?.items?.map(({ key, path }) => ({ key, file: `${mount?.mountPath}/${path}` }))).toEqual([
      { key: 'Corefile', file: argumentOf(container, 'conf') },
    ]);
  });
});

describe('what the manifest says to the program', () => {
  it('is a subcommand and flags that it has', () => {
    const [subcommand, ...args] = container.args ?? [];
    expect(subcommand).toBe('run');
    const flags = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.replace(/^--?|=.*$/g, ''));
    expect(flags).not.toEqual([]);
    const known = FLAGS.filter((flag) => flag.of.includes('run')).map(({ name }) => name);
    expect(known).toEqual(expect.arrayContaining(flags));
  });

  it.each(['livenessProbe', 'readinessProbe'] as const)('asks the guard as %s', (name) => {
    const probe: Probe | undefined = container[name];
    const listens = argumentOf(container, 'metrics-listen-address') ?? defaultOf('metrics-listen-address');
    expect(`0.0.0.0:${probe?.httpGet?.port}`).toBe(listens);
    expect(probe?.httpGet?.host).toBe('127.0.0.1');
    expect(ports.find((port) => port.name === 'guard')?.containerPort).toBe(probe?.httpGet?.port);
  });

  it('leaves room for the cache that it allows', () => {
    const limit = parseSize(container.resources?.limits?.['memory'] ?? '');
    const request = parseSize(container.resources?.requests?.['memory'] ?? '');
    expect(defaultCacheOctets(limit)).toBe(MOST_CACHE_OCTETS);
    expect(limit).toBeGreaterThan(WITHOUT_CACHE_OCTETS + MOST_CACHE_OCTETS);
    expect(request).toBeGreaterThan(WITHOUT_CACHE_OCTETS);
  });
});

const defaultOf = (flag: string): unknown => FLAGS.find(({ name }) => name === flag)?.default;

/** Why not, if it does not, in a pod that has been told of this upstream. */
function whyNotWith(upstream: string): string | undefined {
  vi.stubEnv('KUBE_DNS_UPSTREAM_SERVICE_HOST', upstream);
  onTestFinished(() => void vi.unstubAllEnvs());
  const resolvConf = tempFile('nameserver 192.0.2.53\n', 'resolv.conf');
  return whyNot(tempFile(corefile.replace('/etc/resolv.conf', resolvConf)), 53);
}

describe('the Corefile of the manifest', () => {
  it.each(['10.96.0.11', 'fd00:10:96::11'])('loads with the upstream %s', (upstream) => {
    expect(whyNotWith(upstream)).toBeUndefined();
  });

  it('does not load where the pod has not been told of the upstream', () => {
    expect(whyNotWith('')).toMatch(/forward/);
  });

  it('binds what is intercepted, in each block', () => {
    const bound = linesOf(corefile, 'bind');
    expect(bound).toHaveLength(4);
    for (const addresses of bound) expect(addresses.join(',')).toBe(argumentOf(container, 'localip'));
  });

  it('has pages where the manifest and the rules look for them', () => {
    const metrics = ports.find(({ name }) => name === 'metrics')?.containerPort;
    for (const [address] of linesOf(corefile, 'prometheus')) expect(address).toBe(`:${metrics}`);
    const [[health = ''] = []] = linesOf(corefile, 'health');
    expect(health.split(':')[1]).toBe(defaultOf('health-port'));
  });

  it('is one that NodeLocal DNSCache loads too', () => {
    const directives = [...corefile.matchAll(/^ {4}(\w+)/gm)].map((match) => match[1]);
    expect(directives.length).toBeGreaterThan(20);
    expect(DIRECTIVES_OF_NODE_CACHE).toEqual(expect.arrayContaining(directives));
  });
});

describe('the sed lines of the README', () => {
  const readme = readFileSync(join(KUBERNETES_DIRECTORY, 'README.md'), 'utf8');
  const scripts = [...readme.matchAll(/^sed (["'])(.*?)\1 nodelocaldns\.yaml/gm)].map((match) => match[2]);
  const variables = { kubedns: '10.43.0.10', domain: 'k8s.example', localdns: '169.254.25.10' };

  /** Only sed, and no shell: what stands behind it in the README changes a cluster. */
  const apply = (script = 'missing'): ReturnType<typeof partsOf> => {
    const filled = Object.entries(variables).reduce(
      (text, [name, value]) => text.replaceAll(`$${name}`, value),
      script,
    );
    const file = join(KUBERNETES_DIRECTORY, 'nodelocaldns.yaml');
    const objects = parseManifest(execFileSync('sed', [filled, file], { encoding: 'utf8' }));
    expect(apiFaults(objects)).toEqual([]);
    return partsOf(objects);
  };

  it('put a cluster’s own addresses and domain in everywhere', () => {
    const parts = apply(scripts[0]);
    expect(argumentOf(parts.container, 'localip')).toBe('169.254.25.10,10.43.0.10');
    const bound = linesOf(parts.corefile, 'bind').map((words) => words.join(' '));
    expect(new Set(bound)).toEqual(new Set(['169.254.25.10 10.43.0.10']));
    expect(linesOf(parts.corefile, 'health')).toEqual([['169.254.25.10:8080']]);
    expect(parts.corefile).toMatch(/^k8s\.example:53 \{/);
    expect(parts.corefile).not.toContain('cluster.local');
  });

  it('leave the cluster’s address out for IPVS', () => {
    const parts = apply(scripts[1]);
    expect(argumentOf(parts.container, 'localip')).toBe('169.254.20.10');
    expect(linesOf(parts.corefile, 'bind').flat()).toEqual(Array.from({ length: 4 }, () => '169.254.20.10'));
  });
});
