/** How much a crowd of replies may take of one turn of the event loop. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BatchChannels, MOST_PER_SHARED_TURN } from '../../src/datagram/batch-channels.ts';
import { loadLibc } from '../../src/datagram/libc.ts';

const libc = await loadLibc().catch(() => undefined);
const COUNT = 30;

/** @returns how many of COUNT datagrams that wait in the socket are taken in each turn, those without any left out */
async function takenInTurns(isSharing: boolean): Promise<number[]> {
  if (libc === undefined) throw new Error('there is nothing to test here');
  const peer = createSocket('udp4');
  peer.bind(0, '127.0.0.1');
  await once(peer, 'listening');
  const channels = new BatchChannels(libc, (error) => {
    throw error;
  });
  channels.shareTurns(() => isSharing);
  const taken: number[] = [];
  let thisTurn = 0;
  let localPort = 0;
  const { address: host, port } = peer.address();
  const channel = channels.open(
    { host, port, sourceAddress: undefined },
    {
      opened: (_address, opened) => (localPort = opened),
      received() {
        if (thisTurn++ > 0) return;
        setImmediate(() => {
          taken.push(thisTurn);
          thisTurn = 0;
        });
      },
      sendFailed: () => undefined,
      failed: () => undefined,
    },
  );
  onTestFinished(() => {
    channel.close();
    peer.close();
  });
  for (let i = 0; i < COUNT; i++) peer.send(Buffer.of(i), localPort, '127.0.0.1');
  await vi.waitFor(() => expect(taken.reduce((sum, some) => sum + some, 0)).toBe(COUNT));
  return taken;
}

describe.skipIf(libc === undefined)('replies that come together (where koffi works)', () => {
  it('are taken a few in each turn while others wait for theirs', async () => {
    const taken = await takenInTurns(true);
    expect(Math.max(...taken)).toBe(MOST_PER_SHARED_TURN);
  });

  it('are taken as they come otherwise', async () => {
    const taken = await takenInTurns(false);
    expect(Math.max(...taken)).toBeGreaterThan(MOST_PER_SHARED_TURN);
  });
});
