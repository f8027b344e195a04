/** dnsmasq with its largest cache. More queries may wait for the upstream than it allows by default, since more are outstanding here. */
import { join } from 'node:path';
import type { Server } from './server.ts';

const CONFIG = 'dnsmasq.conf';

export const DNSMASQ: Server = {
  name: 'dnsmasq',
  role: 'peer',
  tool: 'dnsmasq',
  overTcp: true,
  files: ({ port, upstreamPort }) => ({
    [CONFIG]: `port=${port}
listen-address=127.0.0.1
bind-interfaces
user=root
pid-file=
log-facility=-
no-resolv
no-hosts
server=127.0.0.1#${upstreamPort}
cache-size=10000
dns-forward-max=1000
`,
  }),
  command: ({ directory }) => ['dnsmasq', '--keep-in-foreground', `--conf-file=${join(directory, CONFIG)}`],
};
