/**
 * Octets of every kind, from clients and from the upstream: a bounded run of what `npm run fuzz` does for longer. A failure here says how
 * to see it again.
 */
import { expect, it } from 'vitest';
import { fuzzDaemon } from '../fuzz/daemon-fuzz.ts';
import { fuzzPages } from '../fuzz/http-fuzz.ts';
import { describeFailure, fuzzRounds } from '../fuzz/in-process.ts';

const SEED = 20_260_101;
/** Of damaged HTTP. */
const CONNECTIONS = 600;

it('answers every query among 20,000 damaged packets, nothing else, and is well afterwards', async () => {
  const { sent, answered, connections, responses, problems } = await fuzzDaemon(SEED, 20_000, CONNECTIONS);
  expect(problems).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(20_000);
  expect(connections).toBe(CONNECTIONS);
  expect(responses, 'half of the connections bring a request that is answered').toBeGreaterThan(
    CONNECTIONS / 2,
  );
  expect(answered, 'most of the packets are queries still').toBeGreaterThan(10_000);
}, 60_000);

it('reads 3,000 damaged messages, streams and Corefiles without a throw or a lie', () => {
  const failure = fuzzRounds(SEED, 3_000);
  expect(failure && describeFailure(SEED, failure)).toBeUndefined();
}, 60_000);

it('serves its pages among 600 connections of damaged HTTP, within this process', async () => {
  const { connections, problems } = await fuzzPages(SEED, CONNECTIONS);
  expect(problems).toEqual([]);
  expect(connections).toBe(CONNECTIONS);
}, 60_000);
