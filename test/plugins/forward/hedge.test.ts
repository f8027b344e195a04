import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../../src/base/deadlines.ts';
import { HedgedAsk, Hedging, hedgeAfterMs } from '../../../src/plugins/forward/hedge.ts';
import type { Asker } from '../../../src/upstream/pending-query.ts';
import { FakeUpstream, failing } from './fake-upstream.ts';

const REPLY = Uint8Array.of(1);
const OTHER_REPLY = Uint8Array.of(2);

interface Hedged {
  readonly hedged: HedgedAsk;
  readonly counter: { value: number };
  /** What the asker was told. */
  readonly told: unknown[];
  /** How often a second upstream was asked. */
  asked: number;
}

function hedge(hasSecond = true, hedging?: Hedging): Hedged {
  const counter = { value: 0 };
  const shared = hedging ?? new Hedging(new Deadlines({ nowMs: () => 0 }), counter);
  const told: unknown[] = [];
  const asker: Asker = { replied: (reply) => told.push(reply), failed: (error) => told.push(error) };
  const state = { counter, told, asked: 0 };
  const hedged = new HedgedAsk(shared, 1e9, asker, () => {
    if (hasSecond) state.asked++;
    return hasSecond;
  });
  shared.deadlines.delete(hedged);
  return Object.assign(state, { hedged });
}

describe('a hedged question', () => {
  it('is asked of nobody else when it is answered in time', () => {
    const state = hedge();
    state.hedged.replied(REPLY);
    state.hedged.expire();
    expect(state).toMatchObject({ told: [REPLY], asked: 0, counter: { value: 0 } });
  });

  it('gives the first of two replies', () => {
    const state = hedge();
    state.hedged.expire();
    state.hedged.replied(OTHER_REPLY);
    state.hedged.replied(REPLY);
    expect(state).toMatchObject({ told: [OTHER_REPLY], asked: 1, counter: { value: 1 } });
  });

  it('gives the reply of the one that does not fail', () => {
    const state = hedge();
    state.hedged.expire();
    state.hedged.failed(failing());
    expect(state.told).toEqual([]);
    state.hedged.replied(REPLY);
    expect(state.told).toEqual([REPLY]);
  });

  it('fails when both have failed', () => {
    const state = hedge();
    const last = failing('reset');
    state.hedged.expire();
    state.hedged.failed(failing());
    state.hedged.failed(last);
    expect(state.told).toEqual([last]);
  });

  it('fails at once with the first, where the second was not asked yet', () => {
    const state = hedge();
    const error = failing('refused');
    state.hedged.failed(error);
    state.hedged.expire();
    expect(state).toMatchObject({ told: [error], asked: 0 });
  });

  it('goes on where there is nobody else', () => {
    const state = hedge(false);
    state.hedged.expire();
    state.hedged.replied(REPLY);
    expect(state).toMatchObject({ told: [REPLY], counter: { value: 0 } });
  });
});

it('one question in twenty is hedged, and ten that were saved up', () => {
  const counter = { value: 0 };
  const hedging = new Hedging(new Deadlines({ nowMs: () => 0 }), counter);
  const count = 1_000;
  for (let i = 0; i < count; i++) hedge(true, hedging).hedged.expire();
  expect(counter.value).toBeGreaterThanOrEqual(count / 20);
  expect(counter.value).toBeLessThanOrEqual(count / 20 + 10);
});

it.each([
  { p95: 0, afterMs: 50 },
  { p95: 120, afterMs: 120 },
  { p95: 2_000, afterMs: 400 },
])(
  'the second upstream is asked after $afterMs ms where 95 of 100 answers take $p95 ms',
  ({ p95, afterMs }) => {
    const upstream = new FakeUpstream(1);
    Object.defineProperty(upstream, 'percentile95Ms', { value: p95 });
    expect(hedgeAfterMs(upstream)).toBe(afterMs);
  },
);
