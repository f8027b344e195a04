/** Puts the follower of the upstream Service (`service-follower.ts`) between a template's source and what is served. */
import { SYSTEM_CLOCK } from '../base/clock.ts';
import type { Log } from '../observe/log-types.ts';
import { podNamespace } from '../pillar/files/pod-namespace.ts';
import type { TemplateSettings } from '../pillar/files/templated-corefile.ts';
import { serviceHostName } from '../pillar/service-address.ts';
import { lookUpAddresses } from '../upstream/address-lookup.ts';
import type { CorefileSource } from './corefile-source.ts';
import type { Service } from './service.ts';
import { ServiceFollower } from './service-follower.ts';

/**
 * @param look has the source read again
 * @returns undefined where there is no template
 */
export function followService(
  source: CorefileSource,
  template: Pick<TemplateSettings, 'upstreamService' | 'clusterDomain'> | undefined,
  service: Service,
  look: () => void,
  log: Log,
): ServiceFollower | undefined {
  if (template === undefined) return undefined;
  const namespace = podNamespace();
  return new ServiceFollower({
    address: () => source.serviceAddress,
    hostName: (domain) => serviceHostName(template.upstreamService, namespace, domain),
    clusterDomain: template.clusterDomain,
    blocks: () => service.generation?.blocks ?? [],
    lookUpAt: (name, server) => lookUpAddresses(name, [server], { clock: SYSTEM_CLOCK }),
    moved: (address) => {
      source.moveService?.(address);
      look();
    },
    log,
  });
}
