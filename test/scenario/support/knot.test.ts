import { describe, expect, it } from 'vitest';
import {
  CLUSTER_DOMAIN,
  CLUSTER_MINIMUM_SECONDS,
  CLUSTER_TTL_SECONDS,
  CLUSTER_ZONE,
  HEADLESS_ADDRESSES,
  KUBERNETES_ADDRESS,
  LONG_TEXT_STRINGS,
} from '../../support/cluster-zone.ts';
import { dig, kdig } from '../../support/dig.ts';
import { startKnot } from '../../support/knot.ts';
import type { Knot } from '../../support/knot.ts';
import { requireTools } from '../../support/tools.ts';

const withKnot = requireTools('knotd');
const withDig = requireTools('knotd', 'dig');
const withKdig = requireTools('knotd', 'kdig');

const startCluster = (): Promise<Knot> => startKnot({ zones: { [CLUSTER_DOMAIN]: CLUSTER_ZONE } });
const at = (knot: Knot, ...words: string[]): string[] => [`@${knot.host}`, '-p', String(knot.port), ...words];
const service = (name: string): string => `${name}.svc.${CLUSTER_DOMAIN}.`;

describe.skipIf(!withKnot.available)(`starting a real server ${withKnot.reason}`, () => {
  it('rejects with what it printed when a zone is broken', async () => {
    await expect(startKnot({ zones: { 'broken.example': 'no zone at all' } })).rejects.toThrow(
      'broken.example',
    );
  }, 30_000);

  it('serves where a former one was', async () => {
    const first = await startCluster();
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const second = await startKnot({
      zones: { 'example.org.': '@ 60 SOA a b 1 2 3 4 5\n' },
      port: first.port,
    });
    expect(second.port).toBe(first.port);
  });
});

describe.skipIf(!withDig.available)(`the cluster's zone, asked with dig ${withDig.reason}`, () => {
  it('has a service', async () => {
    const knot = await startCluster();
    const name = service('kubernetes.default');
    expect(await dig(at(knot, name, 'A'))).toMatchObject({
      status: 'NOERROR',
      flags: ['qr', 'aa', 'rd'],
      question: [`${name} IN A`],
      answer: [`${name} ${CLUSTER_TTL_SECONDS} IN A ${KUBERNETES_ADDRESS}`],
      edns: { version: 0, udpSizeOctets: 1232 },
      transport: 'UDP',
      exitCode: 0,
    });
  });

  it('has a text that UDP cannot carry', async () => {
    const knot = await startCluster();
    const name = service('notes.default');
    const cut = await dig(at(knot, name, 'TXT', '+ignore'));
    expect(cut).toMatchObject({
      flags: expect.arrayContaining(['tc']),
      transport: 'UDP',
      retriedOverTcp: false,
    });
    const whole = await dig(at(knot, name, 'TXT'));
    expect(whole).toMatchObject({ transport: 'TCP', retriedOverTcp: true });
    expect(whole.answer).toEqual([
      `${name} ${CLUSTER_TTL_SECONDS} IN TXT ${LONG_TEXT_STRINGS.map((part) => `"${part}"`).join(' ')}`,
    ]);
    expect(LONG_TEXT_STRINGS.join('').length).toBeGreaterThan(1500);
  });

  it('lets absence be kept for less time than its SOA record', async () => {
    const knot = await startCluster();
    const absent = await dig(at(knot, service('nobody.default'), 'A'));
    expect(absent).toMatchObject({ status: 'NXDOMAIN', answer: [] });
    // Signed or not, knotd sends the SOA of a negative answer with the smaller of the two.
    expect(absent.authority).toEqual([
      expect.stringMatching(new RegExp(`^${CLUSTER_DOMAIN}\\. 5 IN SOA .* ${CLUSTER_MINIMUM_SECONDS}$`)),
    ]);
    expect((await dig(at(knot, `${CLUSTER_DOMAIN}.`, 'SOA'))).answer).toEqual([
      expect.stringContaining(` ${CLUSTER_TTL_SECONDS} IN SOA `),
    ]);
  });

  it('refuses what is not in it', async () => {
    const knot = await startCluster();
    expect(await dig(at(knot, 'www.example.org', 'A'))).toMatchObject({ status: 'REFUSED', answer: [] });
  });

  it('answers nobody while it is frozen', async () => {
    const knot = await startCluster();
    knot.signal('SIGSTOP');
    const result = await dig(at(knot, service('kubernetes.default'), '+time=1', '+tries=1'));
    expect(result).toMatchObject({ status: undefined, messages: [], timedOut: true, exitCode: 9 });
  });
});

describe.skipIf(!withKdig.available)(`the cluster's zone, asked with kdig ${withKdig.reason}`, () => {
  it.each([
    ['a headless service', 'peers.default', 'A', HEADLESS_ADDRESSES.map((address) => `A ${address}`)],
    ['a service of IPv6', 'six.default', 'AAAA', ['AAAA fd00:96::6']],
    ['no IPv4 for it', 'six.default', 'A', []],
    ['a port', '_https._tcp.kubernetes.default', 'SRV', [`SRV 0 100 443 ${service('kubernetes.default')}`]],
    ['an alias to outside', 'external.default', 'CNAME', ['CNAME www.example.org.']],
  ])('has %s', async (_name, name, type, records) => {
    const knot = await startCluster();
    const result = await kdig(at(knot, service(name), type));
    expect(result.status).toBe('NOERROR');
    expect(result.answer.toSorted()).toEqual(
      records.map((record) => `${service(name)} ${CLUSTER_TTL_SECONDS} IN ${record}`).toSorted(),
    );
  });

  it('follows an alias within it', async () => {
    const knot = await startCluster();
    const result = await kdig(at(knot, service('alias.default'), 'A'));
    expect(result.answer).toEqual([
      expect.stringContaining(`IN CNAME ${service('kubernetes.default')}`),
      expect.stringContaining(`IN A ${KUBERNETES_ADDRESS}`),
    ]);
  });

  it('answers several questions over one connection', async () => {
    const knot = await startCluster();
    const names = ['kubernetes.default', 'kube-dns.kube-system'].map(service);
    const result = await kdig(at(knot, '+tcp', '+keepopen', ...names));
    expect(result.messages.map((message) => [message.transport, message.question])).toEqual(
      names.map((name) => ['TCP', [`${name} IN A`]]),
    );
  });
});
