import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { claimHost } from '../../src/host/host-claim.ts';
import type { Claimed, HostClaim } from '../../src/host/host-claim.ts';

/** Names of this test alone: the real one may be somebody's on this machine. */
const part = (): Claimed => `interface t${Math.random().toString(36).slice(2)}`;

async function claimed(...parts: readonly Claimed[]): Promise<HostClaim> {
  const claim = await claimHost(parts);
  onTestFinished(() => claim.release());
  return claim;
}

it('is one process’s, and the next one is told whose', async () => {
  const mine = part();
  await claimed(mine);
  await expect(claimHost([mine])).rejects.toMatchObject({
    code: 'conflict',
    message: `process ${process.pid} of nodelocaldns guards the ${mine} of this host already; the host was not touched`,
  });
});

it('can be had again when it has been released', async () => {
  const mine = part();
  (await claimed(mine)).release();
  await expect(claimed(mine)).resolves.toBeDefined();
});

it('keeps nothing when one of several parts is somebody’s', async () => {
  const [free, taken] = [part(), part()];
  await claimed(taken);
  await expect(claimHost([free, taken])).rejects.toThrow();
  await expect(claimed(free)).resolves.toBeDefined();
});

it('does not hold those who come to ask', async () => {
  const mine = part();
  await claimed(mine);
  const socket = connect({ path: `\0nodelocaldns ${mine}`, allowHalfOpen: true });
  socket.resume();
  await once(socket, 'end');
  expect(socket.destroyed).toBe(false);
  await once(socket.end(), 'close');
});
