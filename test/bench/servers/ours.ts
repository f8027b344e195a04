/** The daemon as users run it, from `dist/`, with metrics on; and variants of it to compare with in one run. */
import { join } from 'node:path';
import type { Place, Server } from './server.ts';

export const OUR_ENTRY = join(import.meta.dirname, '..', '..', '..', 'dist', 'main.js');

const COREFILE = 'Corefile';

interface Variant {
  readonly name: string;
  readonly entry?: string;
  readonly flags?: readonly string[];
  /** Lines in the block of `forward`. */
  readonly forward?: string;
}

const daemon = ({ name, entry = OUR_ENTRY, flags = [], forward = '' }: Variant): Server => ({
  name,
  role: 'ours',
  overTcp: true,
  files: (place) => ({ [COREFILE]: corefile(place, forward) }),
  command: ({ directory }) => [
    process.execPath,
    entry,
    'serve',
    '--conf',
    join(directory, COREFILE),
    ...flags,
  ],
});

const corefile = ({ port, sparePort, upstreamPort }: Place, forward: string): string => `.:${port} {
    bind 127.0.0.1
    errors
    cache {
        success 20000 3600
    }
    forward . 127.0.0.1:${upstreamPort} {
        ${forward}
    }
    prometheus 127.0.0.1:${sparePort}
}
`;

export const OURS = daemon({ name: 'ours' });

/** One datagram at a time: what runs where batches do not work. */
export const OURS_DGRAM: Server = {
  ...daemon({ name: 'ours-dgram', flags: ['--udp', 'dgram'] }),
  byNameOnly: true,
};

/** Without an io_uring: what runs where the system allows none. */
export const OURS_EPOLL: Server = {
  ...daemon({ name: 'ours-epoll', flags: ['--udp', 'batch'] }),
  byNameOnly: true,
};

/** As Kubernetes configures it for the cluster's zone. */
export const OURS_FORCE_TCP: Server = {
  ...daemon({ name: 'ours-force-tcp', forward: 'force_tcp' }),
  byNameOnly: true,
};

/** Another build of ours, to see what a change gave: the `main.js` of its `dist/`. */
export const baseline = (entry: string): Server => daemon({ name: 'baseline', entry });
