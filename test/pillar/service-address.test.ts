import { expect, it } from 'vitest';
import { serviceAddress, serviceVariable } from '../../src/pillar/service-address.ts';

it('knows the variable that Kubernetes sets for a Service', () => {
  expect(serviceVariable('kube-dns-upstream')).toBe('KUBE_DNS_UPSTREAM_SERVICE_HOST');
});

it.each([
  ['10.96.7.7', '10.96.7.7'],
  ['FD00:0::7', 'fd00::7'],
  ['None', undefined],
  ['', undefined],
  [undefined, undefined],
])('of %j the address is %j', (value, address) => {
  expect(serviceAddress('kube-dns-upstream', { KUBE_DNS_UPSTREAM_SERVICE_HOST: value })).toBe(address);
});
