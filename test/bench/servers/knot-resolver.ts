/**
 * Knot Resolver, one instance, without validation. Modules that ask the Internet at start are unloaded. It forwards with `FORWARD`: what
 * `STUB` fetches it keeps for a few seconds only, whatever the TTL.
 */
import { join } from 'node:path';
import type { Server } from './server.ts';

const CONFIG = 'kresd.conf';

export const KNOT_RESOLVER: Server = {
  name: 'knot-resolver',
  role: 'peer',
  tool: 'kresd',
  overTcp: true,
  files: ({ directory, port, upstreamPort }) => ({
    [CONFIG]: `for _, name in ipairs({'ta_update', 'ta_signal_query', 'ta_sentinel', 'priming', 'detect_time_skew', 'detect_time_jump'}) do
  pcall(modules.unload, name)
end
trust_anchors.remove('.')
net.ipv6 = false
net.listen('127.0.0.1', ${port}, { kind = 'dns' })
cache.open(100 * MB, 'lmdb://${directory}')
policy.add(policy.all(policy.FORWARD({'127.0.0.1@${upstreamPort}'})))
`,
  }),
  command: ({ directory }) => ['kresd', '--noninteractive', '-c', join(directory, CONFIG), directory],
};
