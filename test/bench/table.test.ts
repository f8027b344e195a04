import { describe, expect, it } from 'vitest';
import type { Summary } from './summary.ts';
import { formatTable } from './table.ts';

const OURS: Summary = {
  name: 'ours',
  role: 'ours',
  microsecondsPerAnswer: 6.123,
  lowest: 5.96,
  highest: 7,
  toOurs: 1,
  toBestPeer: undefined,
  queriesPerSecond: 123_456.7,
  averageLatencyMs: 1.234,
  p50Ms: undefined,
  p99Ms: undefined,
  maxLatencyMs: 8.15,
  remarks: [],
};

describe('the table', () => {
  it('has names to the left and figures to the right', () => {
    expect(formatTable([OURS, { ...OURS, name: 'pdns-recursor', toBestPeer: 1, queriesPerSecond: 9 }])).toBe(
      [
        'server         µs/answer    range  × ours  × best peer  answers/s  avg ms  max ms',
        'ours                6.12  6.0–7.0    1.00            -    123,457    1.23     8.2',
        'pdns-recursor       6.12  6.0–7.0    1.00         1.00          9    1.23     8.2',
      ].join('\n'),
    );
  });

  it('shows percentiles of the latency where there are any', () => {
    const [title, row] = formatTable([{ ...OURS, p50Ms: 0.05, p99Ms: 3.6 }]).split('\n');
    expect(title).toMatch(/p50 ms {2}p99 ms {2}max ms$/);
    expect(row).toMatch(/ 0\.05 +3\.60 +8\.2$/);
  });

  it('ends with what is doubtful', () => {
    const table = formatTable([{ ...OURS, remarks: ['lost 2.0 % of the queries'] }]);
    expect(table.split('\n').at(-1)).toBe('ours lost 2.0 % of the queries');
  });
});
