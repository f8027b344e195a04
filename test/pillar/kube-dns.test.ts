import { describe, expect, it } from 'vitest';
import { NO_KUBE_DNS, readKubeDns } from '../../src/pillar/kube-dns.ts';
import type { KubeDns, KubeDnsReading } from '../../src/pillar/kube-dns.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(data: Readonly<Record<string, string>>, before: KubeDns = NO_KUBE_DNS): KubeDnsReading {
  const entries = Object.entries(data).map(([key, text]): [string, Uint8Array] => [key, octets(text)]);
  return readKubeDns(new Map(entries), before);
}

const readStubs = (value: unknown): { stubs: unknown; faults: readonly string[] } => {
  const { kubeDns, faults } = read({ stubDomains: JSON.stringify(value) });
  return { stubs: Object.fromEntries(kubeDns.stubDomains), faults };
};

const BEFORE: KubeDns = {
  stubDomains: new Map([['before.test', ['192.0.2.1']]]),
  upstreamNameservers: ['192.0.2.2'],
};

describe('the kube-dns ConfigMap', () => {
  it('says stub domains and upstreams', () => {
    const { kubeDns, faults } = read({
      stubDomains: '{"acme.local": ["1.2.3.4", "1.2.3.5:5353", "[2001:db8::1]:53", "2001:db8::2"]}',
      upstreamNameservers: '["8.8.8.8", "8.8.4.4:53"]',
      federations: 'not looked at',
    });
    expect(kubeDns.stubDomains).toEqual(
      new Map([['acme.local', ['1.2.3.4', '1.2.3.5:5353', '[2001:db8::1]:53', '2001:db8::2']]]),
    );
    expect(kubeDns.upstreamNameservers).toEqual(['8.8.8.8', '8.8.4.4:53']);
    expect(faults).toEqual([]);
  });

  it.each([
    ['no keys', {}],
    ['null', { stubDomains: 'null', upstreamNameservers: 'null' }],
    ['empty values', { stubDomains: '{}', upstreamNameservers: '[]' }],
  ])('says nothing with %s, whatever it said before', (_name, data) => {
    expect(read(data as Record<string, string>, BEFORE)).toEqual({ kubeDns: NO_KUBE_DNS, faults: [] });
  });

  it('has its domains in one order, however it is written', () => {
    const { kubeDns } = read({
      stubDomains: '{"b.test":["1.1.1.1"],"a.test":["1.1.1.1"],"a-b.test":["1.1.1.1"]}',
    });
    expect([...kubeDns.stubDomains.keys()]).toEqual(['a-b.test', 'a.test', 'b.test']);
  });
});

describe('a bad stub domain costs itself and no other:', () => {
  it.each<[string, string, unknown, string]>([
    ['upper case', 'Acme.local', ['1.1.1.1'], 'it is no domain name'],
    ['an underscore', 'a_b.test', ['1.1.1.1'], 'it is no domain name'],
    ['a dot at the end', 'acme.local.', ['1.1.1.1'], 'it is no domain name'],
    ['nothing', '', ['1.1.1.1'], 'it is no domain name'],
    ['what would end a block', 'a.test:53 {', ['1.1.1.1'], 'it is no domain name'],
    ['254 octets', `${'a.'.repeat(126)}aa`, ['1.1.1.1'], 'it is no domain name'],
    ['a label of 64 octets', `${'a'.repeat(64)}.test`, ['1.1.1.1'], 'zone is not a valid domain name'],
    ['no servers', 'acme.local', [], 'it has no name servers'],
    ['a text in place of servers', 'acme.local', '1.1.1.1', 'expected a list of name servers'],
    ['a number among them', 'acme.local', ['1.1.1.1', 53], 'expected a list of name servers'],
    [
      'a host name',
      'acme.local',
      ['1.1.1.1', 'ns.acme.local'],
      'name server "ns.acme.local" is no IP address',
    ],
    ['a port that is none', 'acme.local', ['1.1.1.1:0'], 'name server "1.1.1.1:0" has a port that is none'],
    ['more than forward takes', 'acme.local', Array(16).fill('1.1.1.1'), 'it has more than 15 name servers'],
  ])('%s', (_name, domain, servers, fault) => {
    const { stubs, faults } = readStubs({ [domain]: servers, 'good.test': ['192.0.2.1'] });
    expect(stubs).toEqual({ 'good.test': ['192.0.2.1'] });
    expect(faults).toEqual([
      expect.stringContaining(`stub domain ${JSON.stringify(domain)} is left out: ${fault}`),
    ]);
  });
});

describe('upstream name servers', () => {
  it('that are bad cost themselves', () => {
    const { kubeDns, faults } = read({ upstreamNameservers: '["one.one.one.one", "1.1.1.1"]' });
    expect(kubeDns.upstreamNameservers).toEqual(['1.1.1.1']);
    expect(faults).toEqual([
      expect.stringMatching(/^upstream name server "one.one.one.one" is no IP address.*left out$/),
    ]);
  });

  it('are three at most', () => {
    const { kubeDns, faults } = read({ upstreamNameservers: '["1.0.0.1","1.0.0.2","1.0.0.3","1.0.0.4"]' });
    expect(kubeDns.upstreamNameservers).toEqual(['1.0.0.1', '1.0.0.2', '1.0.0.3']);
    expect(faults).toEqual([expect.stringContaining('more than 3 servers: the first 3 are used')]);
  });
});

describe('what cannot be read leaves its key as it was:', () => {
  it.each([
    ['half a JSON text', '{"acme.local": ["1.2', /JSON/],
    ['an empty file', '', /JSON/],
    ['a list of domains', '["acme.local"]', /expected a JSON object/],
    ['a text', '"acme.local"', /expected a JSON object/],
  ])('%s', (_name, stubDomains, reason) => {
    const { kubeDns, faults } = read({ stubDomains, upstreamNameservers: '["8.8.8.8"]' }, BEFORE);
    expect(kubeDns).toEqual({ stubDomains: BEFORE.stubDomains, upstreamNameservers: ['8.8.8.8'] });
    expect(faults).toEqual([
      expect.stringMatching(/^stubDomains of the kube-dns ConfigMap stays as it was: /),
    ]);
    expect(faults[0]).toMatch(reason);
  });

  it.each([
    ['an object of upstreams', '{}'],
    ['upstreams of which none can be used', '["ns.test"]'],
  ])('%s', (_name, upstreamNameservers) => {
    const { kubeDns, faults } = read({ upstreamNameservers }, BEFORE);
    expect(kubeDns).toEqual({ stubDomains: new Map(), upstreamNameservers: BEFORE.upstreamNameservers });
    expect(faults.at(-1)).toMatch(/^upstreamNameservers of the kube-dns ConfigMap stays as it was: /);
  });

  it('octets that are no UTF-8', () => {
    const data = new Map([['stubDomains', Uint8Array.of(0x7b, 0xff, 0x7d)]]);
    expect(readKubeDns(data, BEFORE).kubeDns.stubDomains).toBe(BEFORE.stubDomains);
  });
});
