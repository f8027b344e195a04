import { describe, expect, it } from 'vitest';
import { NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_NS } from '../../src/wire/registry.ts';
import {
  CLUSTER_ZONE,
  HEADLESS_ADDRESSES,
  OUTSIDE_ZONE,
  clusterName,
  headlessName,
  outsideName,
  serviceName,
  truthOf,
} from './bench-zone.ts';

const service = clusterName(serviceName(23));
const headless = clusterName(headlessName(23));
const outside = outsideName('api-1');

describe('what is true of a name', () => {
  it.each([
    ['a service has one address', service, TYPE_A, NOERROR, 1, CLUSTER_ZONE],
    ['a service has no IPv6 address', service, TYPE_AAAA, NOERROR, 0, CLUSTER_ZONE],
    ['a headless service has twenty', headless, TYPE_A, NOERROR, HEADLESS_ADDRESSES, CLUSTER_ZONE],
    ['a service of a search list is not there', `svc-1.ns-1.${service}`, TYPE_A, NXDOMAIN, 0, CLUSTER_ZONE],
    [
      'nor is the world in the cluster',
      `${outside}ns-1.svc.${CLUSTER_ZONE}`,
      TYPE_A,
      NXDOMAIN,
      0,
      CLUSTER_ZONE,
    ],
    ['the cluster itself has no address', CLUSTER_ZONE, TYPE_A, NOERROR, 0, CLUSTER_ZONE],
    ['the world outside has an address', outside, TYPE_A, NOERROR, 1, OUTSIDE_ZONE],
    ['and an IPv6 address', outside, TYPE_AAAA, NOERROR, 1, OUTSIDE_ZONE],
    ['and nothing else', outside, TYPE_NS, NOERROR, 0, OUTSIDE_ZONE],
    ['a name that only ends alike is elsewhere', 'notbench.example.', TYPE_A, NOERROR, 0, '.'],
    ['the root has nothing', '.', TYPE_NS, NOERROR, 0, '.'],
  ])('%s', (_name, name, type, rcode, count, zone) => {
    const truth = truthOf(name, type);
    expect({ rcode: truth.rcode, count: truth.addresses.length, zone: truth.zone }).toEqual({
      rcode,
      count,
      zone,
    });
  });

  it('is the same each time', () => {
    expect(truthOf(service, TYPE_A)).toEqual(truthOf(service, TYPE_A));
  });
});

describe('addresses', () => {
  it('are as long as their type says', () => {
    expect(truthOf(service, TYPE_A).addresses[0]).toHaveLength(4);
    expect(truthOf(outside, TYPE_AAAA).addresses[0]).toHaveLength(16);
  });

  it('of a headless service are all different', () => {
    const texts = truthOf(headless, TYPE_A).addresses.map((address) => address.join('.'));
    expect(new Set(texts).size).toBe(HEADLESS_ADDRESSES);
  });
});
