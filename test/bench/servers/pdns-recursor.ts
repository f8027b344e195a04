/** PowerDNS Recursor, one worker, without validation. Its question for security advice would leave the machine, so it is off. */
import type { Server } from './server.ts';

export const PDNS_RECURSOR: Server = {
  name: 'pdns-recursor',
  role: 'peer',
  tool: 'pdns_recursor',
  overTcp: true,
  files: ({ directory, port, upstreamPort }) => ({
    'recursor.conf': `daemon=no
disable-syslog=yes
quiet=yes
socket-dir=${directory}
local-address=127.0.0.1
local-port=${port}
allow-from=127.0.0.0/8
threads=1
dnssec=off
security-poll-suffix=
dont-query=
forward-zones-recurse=.=127.0.0.1:${upstreamPort}
`,
  }),
  command: ({ directory }) => ['pdns_recursor', `--config-dir=${directory}`],
};
