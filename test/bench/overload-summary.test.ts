import { describe, expect, it } from 'vitest';
import { MOST_P99_MS, clientRound, formatOverload, verdictOf } from './overload-summary.ts';
import type { ClientRound } from './overload-summary.ts';

const round = (figures: Partial<ClientRound> = {}): ClientRound => ({
  sent: 10_000,
  lost: 0,
  failed: 0,
  p50Ms: 1,
  p99Ms: 10,
  ...figures,
});

const verdict = (...rounds: readonly ClientRound[]): string => verdictOf({ client: 'a', rounds });

describe('a client beside a flood', () => {
  it('has what it was promised', () => {
    expect(verdict(round({ lost: 9, p99Ms: MOST_P99_MS }))).toBe('ok');
  });

  it.each([
    ['lost', { lost: 10 }],
    ['lost', { failed: 10 }],
    ['late', { p99Ms: MOST_P99_MS + 0.1 }],
    ['lost, late', { lost: 10, p99Ms: 100 }],
  ])('has not: %s', (words, figures) => {
    expect(verdict(round(figures))).toBe(words);
  });

  it('loses queries over all rounds, and waits as in the middle one', () => {
    expect(verdict(round({ lost: 15 }), round({ p99Ms: 100 }), round())).toBe('ok');
  });

  it('counts what was refused as an answer that is none', () => {
    const result = { sent: 100, lost: 2, rcodes: { NOERROR: 90, NXDOMAIN: 3, SERVFAIL: 4, REFUSED: 1 } };
    expect(clientRound(result, [1, 2, 3])).toMatchObject({ sent: 100, lost: 2, failed: 5 });
  });

  it('stands in a line', () => {
    expect(formatOverload([{ client: 'new names', rounds: [round({ lost: 10 })] }]).split('\n')).toEqual([
      'client       sent  lost  failed  lost %  p50 ms  p99 ms',
      'new names  10,000    10       0   0.100    1.00   10.00  lost',
    ]);
  });
});
