/**
 * The address of the cluster DNS that the cache asks: that of a Service, which Kubernetes puts into the environment of every container of
 * its namespace that starts after it. It is the address at the container's start. A Service that is made anew has another one, of which the
 * environment of a process that runs says nothing; but the cluster DNS knows it under the Service's name (see `serve/service-follower.ts`).
 * Pure.
 */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

/** `kube-dns-upstream` → `KUBE_DNS_UPSTREAM_SERVICE_HOST` */
export const serviceVariable = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_SERVICE_HOST`;

/** The Service's name in the cluster DNS, as its DNS specification has it. @param domain of the cluster, without final dot */
export const serviceHostName = (service: string, namespace: string, domain: string): string =>
  `${service}.${namespace}.svc.${domain}`;

/** @returns undefined when the variable is not set, or holds no address: a headless Service has the word `None` */
export function serviceAddress(
  service: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const text = environment[serviceVariable(service)];
  const octets = text === undefined ? undefined : (ipv4FromText(text) ?? ipv6FromText(text));
  return octets === undefined ? undefined : ipToText(octets);
}
