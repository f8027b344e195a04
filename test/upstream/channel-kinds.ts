/** The two kinds of channels, for suites that both have to pass. */
import { describe } from 'vitest';
import { BatchChannels } from '../../src/datagram/batch-channels.ts';
import type { DatagramChannels } from '../../src/datagram/channels.ts';
import { DGRAM_CHANNELS } from '../../src/datagram/dgram-channels.ts';
import { loadLibc } from '../../src/datagram/libc.ts';

const raise = (error: unknown): never => {
  throw error;
};

/** Undefined where koffi, an optional dependency, does not work. */
export const BATCH_CHANNELS: DatagramChannels | undefined = await loadLibc().then(
  (libc) => new BatchChannels(libc, raise),
  () => undefined,
);

/** Runs a suite on each kind. */
export function onBothKinds(suite: (channels: DatagramChannels) => void): void {
  describe('over node:dgram', () => suite(DGRAM_CHANNELS));
  describe.skipIf(BATCH_CHANNELS === undefined)('in batches (where koffi works)', () =>
    suite(BATCH_CHANNELS ?? DGRAM_CHANNELS),
  );
}
