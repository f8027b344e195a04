import { describe, expect, it } from 'vitest';
import { NXDOMAIN } from '../../src/wire/registry.ts';
import { truthOf } from './bench-zone.ts';
import { HITS, MISSES, MIX, TYPE_CODES, queryLine } from './loads.ts';
import type { Load, Question } from './loads.ts';

/** The first queries of a round, as lines. */
function linesOf(load: Load, round: number, count: number): string[] {
  const queries = load.queries(round);
  return Array.from({ length: count }, () => queryLine(queries.next().value));
}

const truthAbout = ({ name, type }: Question): ReturnType<typeof truthOf> =>
  truthOf(name.toLowerCase(), TYPE_CODES[type]);

describe.each([HITS, MIX])('the load $name', (load) => {
  const questions = new Set(load.questions.map(queryLine));

  it('has each of its questions once', () => {
    expect(questions.size).toBe(load.questions.length);
  });

  it('asks nothing but them, in mixed case', () => {
    const lines = linesOf(load, 1, 2_000);
    expect(
      lines.filter(
        (line) => !questions.has(line.toLowerCase().replace(/ a+$/m, (type) => type.toUpperCase())),
      ),
    ).toEqual([]);
    expect(lines.some((line) => /[a-z]/.test(line) && /[A-Z].*\./.test(line))).toBe(true);
  });

  it('asks the same in every round and run', () => {
    expect(linesOf(load, 1, 500)).toEqual(linesOf(load, 2, 500));
  });

  it('probes what it asks', () => {
    expect(load.probes.map(queryLine).filter((line) => !questions.has(line))).toEqual([]);
  });
});

describe('the load hits', () => {
  it('asks for addresses that exist', () => {
    expect(HITS.questions.filter((question) => truthAbout(question).addresses.length !== 1)).toEqual([]);
  });
});

describe('the load mix', () => {
  it('asks for A and AAAA together', () => {
    const types = linesOf(MIX, 1, 1_000).map((line) => line.trim().split(' ')[1]);
    expect(types).toEqual(types.map((_, index) => (index % 2 === 0 ? 'A' : 'AAAA')));
  });

  it('is denied about two times out of three, as search lists are', () => {
    const denied = MIX.questions.filter((question) => truthAbout(question).rcode === NXDOMAIN);
    expect(denied.length / MIX.questions.length).toBeGreaterThan(0.6);
    expect(denied.length / MIX.questions.length).toBeLessThan(0.75);
  });

  it('probes denials, single answers and answers of twenty addresses', () => {
    const counts = MIX.probes.map((probe) => truthAbout(probe).addresses.length);
    expect(new Set(counts)).toEqual(new Set([0, 1, 20]));
    expect(MIX.probes.some((probe) => truthAbout(probe).rcode === NXDOMAIN)).toBe(true);
  });

  it('fits into a cache of 10,000 entries that counts each address and each denial', () => {
    const entries = MIX.questions.map((question) => Math.max(1, truthAbout(question).addresses.length));
    expect(entries.reduce((sum, count) => sum + count, 0)).toBeLessThan(10_000);
  });
});

describe('the load misses', () => {
  it('asks no name twice, in one round or in two', () => {
    const lines = [...linesOf(MISSES, 1, 50_000), ...linesOf(MISSES, 2, 50_000)];
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('asks for addresses that exist', () => {
    const { value } = MISSES.queries(1).next();
    expect(truthAbout(value).addresses).toHaveLength(1);
  });
});
