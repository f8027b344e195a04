/** dnsdist with a packet cache: one receiver, one TCP worker. Its question for security advice would leave the machine, so it is off. */
import { join } from 'node:path';
import type { Server } from './server.ts';

const CONFIG = 'dnsdist.conf';

export const DNSDIST: Server = {
  name: 'dnsdist',
  role: 'peer',
  tool: 'dnsdist',
  overTcp: true,
  files: ({ port, upstreamPort }) => ({
    [CONFIG]: `setSecurityPollSuffix("")
setLocal("127.0.0.1:${port}")
setACL("127.0.0.0/8")
setMaxTCPClientThreads(1)
newServer("127.0.0.1:${upstreamPort}")
getPool(""):setCache(newPacketCache(100000))
`,
  }),
  command: ({ directory }) => ['dnsdist', '--supervised', '--disable-syslog', '-C', join(directory, CONFIG)],
};
