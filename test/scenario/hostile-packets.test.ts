/**
 * Octets of every kind, from clients and from the upstream: a bounded run of what `npm run fuzz` does for longer. A failure here says how
 * to see it again.
 */
import { expect, it } from 'vitest';
import { fuzzDaemon } from '../fuzz/daemon-fuzz.ts';
import { describeFailure, fuzzRounds } from '../fuzz/in-process.ts';

const SEED = 20_260_101;

it('answers every query among 20,000 damaged packets, nothing else, and is well afterwards', async () => {
  const { sent, answered, problems } = await fuzzDaemon(SEED, 20_000);
  expect(problems).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(20_000);
  expect(answered, 'most of the packets are queries still').toBeGreaterThan(10_000);
}, 60_000);

it('reads 3,000 damaged messages, streams and Corefiles without a throw or a lie', () => {
  const failure = fuzzRounds(SEED, 3_000);
  expect(failure && describeFailure(SEED, failure)).toBeUndefined();
}, 60_000);
