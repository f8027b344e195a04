/**
 * The address of the cluster DNS that the cache asks: that of a Service, which Kubernetes puts into the environment of every container of
 * its namespace that starts after it. It is the address at the container's start: a Service that is made anew has another one, of which
 * nothing tells a process that runs, and its pods have to be restarted. Pure.
 */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

/** `kube-dns-upstream` → `KUBE_DNS_UPSTREAM_SERVICE_HOST` */
export const serviceVariable = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_SERVICE_HOST`;

/** @returns undefined when the variable is not set, or holds no address: a headless Service has the word `None` */
export function serviceAddress(
  service: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const text = environment[serviceVariable(service)];
  const octets = text === undefined ? undefined : (ipv4FromText(text) ?? ipv6FromText(text));
  return octets === undefined ? undefined : ipToText(octets);
}
