import { describe, expect, it } from 'vitest';
import { nameToText } from '../../src/wire/name.ts';
import {
  CLOCK_TTL_SECONDS,
  HEADLESS_ADDRESSES,
  MOST_TTL_SECONDS,
  NOERROR,
  NXDOMAIN,
  clockSecond,
  secondOf,
  truthOf,
} from './zone.ts';

const A = 1;
const CNAME = 5;
const TXT = 16;
const AAAA = 28;
const SRV = 33;

const ownersOf = (name: string, type: number): string[] =>
  truthOf(name, type).answers.map((record) => `${record.owner} ${record.type}`);

describe('the truth about a name', () => {
  it('is the same every time', () => {
    expect(truthOf('svc-3.shop.svc.cluster.local.', A)).toEqual(truthOf('svc-3.shop.svc.cluster.local.', A));
  });

  it('differs between names', () => {
    const [one, other] = ['svc-3', 'svc-4'].map(
      (service) => truthOf(`${service}.shop.svc.cluster.local.`, A).answers[0]?.rdata,
    );
    expect(one).not.toEqual(other);
  });

  it.each([
    ['a service', 'svc-1.shop.svc.cluster.local.', A, 1],
    ['a service of both families', 'svc-3.shop.svc.cluster.local.', AAAA, 1],
    ['a headless service', 'headless-1.shop.svc.cluster.local.', A, HEADLESS_ADDRESSES],
    ['a port', '_http._tcp.svc-1.shop.svc.cluster.local.', SRV, 3],
    ['a name of two aliases', 'www.site-1.example.test.', A, 4],
    ['a name of the outside', 'api.site-1.example.test.', AAAA, 1],
  ])('has the records of %s', (_, name, type, count) => {
    const { rcode, answers, soa } = truthOf(name, type);
    expect([rcode, answers.length, soa]).toEqual([NOERROR, count, undefined]);
    for (const { ttlSeconds } of answers) {
      expect(ttlSeconds).toBeGreaterThan(0);
      expect(ttlSeconds).toBeLessThanOrEqual(MOST_TTL_SECONDS);
    }
  });

  it.each([
    ['a service that is not there', 'svc-5000.shop.svc.cluster.local.', NXDOMAIN, 'cluster.local.'],
    ['a namespace that is not there', 'svc-1.other.svc.cluster.local.', NXDOMAIN, 'cluster.local.'],
    ['a type that a service has not', 'svc-1.shop.svc.cluster.local.', NOERROR, 'cluster.local.'],
    ['a name below a service', 'a.svc-1.shop.svc.cluster.local.', NXDOMAIN, 'cluster.local.'],
    ['a name of nobody', 'nobody.test.', NXDOMAIN, 'test.'],
  ])('denies %s with the SOA of its zone', (_, name, rcode, zone) => {
    const truth = truthOf(name, TXT);
    expect([truth.rcode, truth.answers, truth.soa?.owner]).toEqual([rcode, [], zone]);
  });

  it('has some cold names and denies others', () => {
    const rcodes = Array.from({ length: 50 }, (_, index) => truthOf(`cold-${index}.tail.test.`, A).rcode);
    expect(new Set(rcodes)).toEqual(new Set([NOERROR, NXDOMAIN]));
  });

  it('follows aliases to their end', () => {
    expect(ownersOf('www.site-1.example.test.', A)).toEqual([
      'www.site-1.example.test. 5',
      'edge-site-1.cdn.test. 5',
      'pop-site-1.net.test. 1',
      'pop-site-1.net.test. 1',
    ]);
    const [alias] = truthOf('www.site-1.example.test.', A).answers;
    expect(nameToText(alias?.rdata ?? new Uint8Array(0))).toBe('edge-site-1.cdn.test.');
  });

  it('gives aliases in front of a denial at their end', () => {
    expect(truthOf('www.site-1.example.test.', AAAA)).toMatchObject({
      rcode: NOERROR,
      soa: { owner: 'test.' },
    });
    expect(ownersOf('gone.site-1.example.test.', A)).toEqual(['gone.site-1.example.test. 5']);
    expect(truthOf('gone.site-1.example.test.', A).rcode).toBe(NXDOMAIN);
  });

  it('follows no alias that is asked for itself', () => {
    expect(ownersOf('www.site-1.example.test.', CNAME)).toEqual(['www.site-1.example.test. 5']);
  });

  it('says the second in the address of a clock', () => {
    const second = secondOf(Date.UTC(2026, 0, 1, 12, 30, 45));
    const [record] = truthOf('t-1.clock.test.', A, second).answers;
    expect(record?.ttlSeconds).toBe(CLOCK_TTL_SECONDS);
    expect(clockSecond(record?.rdata ?? new Uint8Array(4))).toBe(second);
  });
});
