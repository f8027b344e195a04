/**
 * node-cache's default manifest with the kube-dns ConfigMap that its documentation shows: what the program makes of both, octet by octet. The
 * addresses are not this host's, so that the program waits for them, and nothing is intercepted.
 */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  BLOCK_OF_CLUSTER,
  DEPLOYED_TEMPLATE,
  blockOfRest,
  blockOfReverse,
} from '../pillar/node-cache-manifest.ts';
import { eventually } from '../support/eventually.ts';
import { TemplateDaemon } from './support/template-daemon.ts';

const stub = (domain: string, servers: string): string => `
${domain}:53 {
    errors
    cache 30
    bind 169.254.20.10 10.96.0.10
    forward . ${servers}
}
`;

const SAME = BLOCK_OF_CLUSTER + blockOfReverse('in-addr.arpa') + blockOfReverse('ip6.arpa');

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['no ConfigMap', {}, SAME + blockOfRest('/etc/resolv.conf')],
  [
    'the example of kube-dns: one domain, and two upstreams',
    {
      stubDomains: '{"acme.local": ["1.2.3.4"]}\n',
      upstreamNameservers: '["8.8.8.8", "8.8.4.4"]\n',
    },
    SAME + blockOfRest('8.8.8.8 8.8.4.4') + stub('acme.local', '1.2.3.4'),
  ],
  [
    'domains in the order of the alphabet, with ports and several servers',
    { stubDomains: '{"widget.local": ["5.6.7.8:5353", "9.9.9.9"], "acme.local": ["1.2.3.4"]}' },
    SAME +
      blockOfRest('/etc/resolv.conf') +
      stub('acme.local', '1.2.3.4') +
      stub('widget.local', '5.6.7.8:5353 9.9.9.9'),
  ],
])('is rendered as node-cache renders it: %s', async (_name, kubeDns, expected) => {
  const node = new TemplateDaemon({
    template: DEPLOYED_TEMPLATE,
    kubeDns,
    args: ['-localip', '169.254.20.10,10.96.0.10', '-upstreamsvc', 'kube-dns-upstream'],
    env: { KUBE_DNS_UPSTREAM_SERVICE_HOST: '10.96.7.7' },
  });
  node.launch();
  await eventually(() => existsSync(node.output));
  expect(node.written()).toBe(expected);
});
