import { describe, expect, it } from 'vitest';
import { parseStat, processorSeconds, sumOfTree } from './processor-time.ts';
import type { ProcessStat } from './processor-time.ts';

/** Fields of proc(5) from the state on: utime 250, stime 40, cutime 7, cstime 3. */
const FIELDS = 'S 77 4711 4711 0 -1 4194304 1052 0 0 0 250 40 7 3 20 0 11 0 82741 1268 0';

describe('a line of /proc/PID/stat', () => {
  it('gives the parent, and user and system time with those of ended children', () => {
    expect(parseStat(`4711 (unbound) ${FIELDS}`)).toEqual({ parent: 77, ticks: 300 });
  });

  it('may hold spaces and parentheses in the name of the command', () => {
    expect(parseStat(`4711 (a (b) c) d) ${FIELDS}`)).toEqual({ parent: 77, ticks: 300 });
  });
});

describe('the time of a process', () => {
  const stats = new Map<number, ProcessStat>([
    [1, { parent: 0, ticks: 1_000 }],
    [2, { parent: 1, ticks: 10 }],
    [3, { parent: 2, ticks: 20 }],
    [4, { parent: 3, ticks: 40 }],
    [5, { parent: 1, ticks: 80 }],
  ]);

  it('is its own and that of all below it', () => {
    expect(sumOfTree(2, stats)).toBe(70);
  });

  it('is 0 when it is gone', () => {
    expect(sumOfTree(99, stats)).toBe(0);
  });

  it('grows with work', () => {
    const before = processorSeconds(process.pid);
    const usedBefore = process.cpuUsage();
    while (process.cpuUsage(usedBefore).user < 100_000);
    expect(processorSeconds(process.pid) - before).toBeGreaterThan(0.05);
  });
});
