/** Unbound, one thread, without validation. */
import { join } from 'node:path';
import type { Server } from './server.ts';

const CONFIG = 'unbound.conf';

export const UNBOUND: Server = {
  name: 'unbound',
  role: 'peer',
  tool: 'unbound',
  overTcp: true,
  files: ({ directory, port, upstreamPort }) => ({
    [CONFIG]: `server:
    directory: "${directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.1@${port}
    num-threads: 1
    incoming-num-tcp: 200
    module-config: "iterator"
    do-not-query-localhost: no
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@${upstreamPort}
`,
  }),
  command: ({ directory }) => ['unbound', '-d', '-p', '-c', join(directory, CONFIG)],
};
