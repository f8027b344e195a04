import { describe, expect, it } from 'vitest';
import { HITS, MISSES } from './loads.ts';
import type { Round } from './measure.ts';
import { bestPeer, summarize } from './summary.ts';
import type { Measured, Summary } from './summary.ts';

const round = (microsecondsPerAnswer: number, changes: Partial<Round> = {}): Round => ({
  sent: 1_000,
  completed: 1_000,
  lost: 0,
  seconds: 1,
  queriesPerSecond: 1_000,
  averageLatencyMs: 1,
  maxLatencyMs: 5,
  rcodes: { NOERROR: 900, NXDOMAIN: 100 },
  processorSeconds: 0.01,
  microsecondsPerAnswer,
  upstreamQueries: 0,
  ...changes,
});

const OURS: Measured = { name: 'ours', role: 'ours', rounds: [round(6), round(5), round(12)] };
const DEAR: Measured = { name: 'dear', role: 'peer', rounds: [round(12), round(20), round(24)] };
const CHEAP: Measured = { name: 'cheap', role: 'peer', rounds: [round(9), round(10), round(18)] };
const FLOOR: Measured = { name: 'echo', role: 'floor', rounds: [round(3), round(5), round(6)] };

const remarksOn = (
  changes: Partial<Round>,
  load = HITS,
  role: Measured['role'] = 'peer',
): readonly string[] => summarize([{ name: 'it', role, rounds: [round(1, changes)] }], load)[0].remarks;

describe('a summary', () => {
  const summaries = new Map(
    summarize([OURS, DEAR, CHEAP, FLOOR], HITS).map((summary): [string, Summary] => [summary.name, summary]),
  );

  it('has the median, the lowest and the highest cost', () => {
    expect(summaries.get('ours')).toMatchObject({ microsecondsPerAnswer: 6, lowest: 5, highest: 12 });
  });

  it.each([
    ['ours', 1, 2 / 3],
    ['dear', 2, 4 / 3],
    ['cheap', 1.5, 1],
    ['echo', 0.5, 1 / 3],
  ])('of %s compares with ours and with the best peer', (name, toOurs, toBestPeer) => {
    expect(summaries.get(name)?.toOurs).toBeCloseTo(toOurs);
    expect(summaries.get(name)?.toBestPeer).toBeCloseTo(toBestPeer);
  });

  it('compares with nobody who was not measured', () => {
    const [alone] = summarize([DEAR], HITS);
    expect(alone.toOurs).toBeUndefined();
    expect(summarize([OURS], HITS)[0].toBestPeer).toBeUndefined();
  });

  it('has percentiles where latencies were taken, and the longest of all rounds', () => {
    const rounds = [round(1, { p50Ms: 1, p99Ms: 4, maxLatencyMs: 30 }), round(1, { p50Ms: 3, p99Ms: 6 })];
    const [summary] = summarize([{ name: 'ours', role: 'ours', rounds }], HITS);
    expect(summary).toMatchObject({ p50Ms: 2, p99Ms: 5, maxLatencyMs: 30 });
    expect(summarize([OURS], HITS)[0].p99Ms).toBeUndefined();
  });
});

describe('the best peer', () => {
  it('is the cheapest, neither ours nor a floor', () => {
    expect(bestPeer([OURS, DEAR, CHEAP, FLOOR])).toBe('cheap');
  });

  it('is nobody without peers', () => {
    expect(bestPeer([OURS, FLOOR])).toBeUndefined();
  });
});

describe('what is doubtful about a server', () => {
  it('is nothing when all was answered from the cache', () => {
    expect(remarksOn({})).toEqual([]);
  });

  it.each([
    ['losses', { lost: 20 }, HITS, 'lost 2.0 % of the queries'],
    [
      'errors',
      { rcodes: { NOERROR: 700, SERVFAIL: 200, REFUSED: 100 } },
      HITS,
      'answered 30.0 % of the queries with an error',
    ],
    ['hits that are none', { upstreamQueries: 500 }, HITS, 'asked the upstream for 50.0 % of the queries'],
    [
      'misses that are none',
      { upstreamQueries: 500 },
      MISSES,
      'asked the upstream for only 50.0 % of the queries',
    ],
  ])('%s', (_name, changes, load, remark) => {
    expect(remarksOn(changes, load)).toEqual([remark]);
  });

  it('is not asked of an echo', () => {
    expect(remarksOn({ rcodes: { NOTIMP: 1_000 } }, MISSES, 'floor')).toEqual([]);
  });
});
