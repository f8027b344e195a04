import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the command line', () => {
  it('measures hits over UDP, built anew, when it says nothing', () => {
    const { load, ...others } = readOptions([]);
    expect(load.name).toBe('hits');
    expect(others).toEqual({
      only: undefined,
      tcp: false,
      rate: undefined,
      flood: undefined,
      overload: false,
      floods: undefined,
      prefer: false,
      start: false,
      memory: false,
      pauses: false,
      guard: false,
      churn: undefined,
      rounds: 5,
      seconds: 5,
      json: undefined,
      baseline: undefined,
      build: true,
      install: false,
      smoke: false,
    });
  });

  it.each([
    ['--mix', 'mix'],
    ['--misses', 'misses'],
  ])('%s is a load', (flag, name) => {
    expect(readOptions([flag]).load.name).toBe(name);
  });

  it('takes numbers', () => {
    const { rate, rounds, seconds } = readOptions(['--rate', '10000', '--rounds', '3', '--seconds=2']);
    expect({ rate, rounds, seconds }).toEqual({ rate: 10_000, rounds: 3, seconds: 2 });
  });

  it('knows floods by their names', () => {
    expect(readOptions(['--flood', 'tcp']).flood?.name).toBe('tcp');
  });

  it('takes the names of floods', () => {
    expect(readOptions(['--overload', '--floods', 'queries,readers']).floods).toEqual(['queries', 'readers']);
  });

  it.each(['start', 'memory', 'pauses', 'guard', 'overload'] as const)(
    '--%s is a benchmark of its own',
    (mode) => {
      expect(readOptions([`--${mode}`])[mode]).toBe(true);
    },
  );

  it('--churn wants to know how many names', () => {
    expect(readOptions(['--churn', '1000000']).churn).toBe(1_000_000);
  });

  it('takes names separated by commas', () => {
    expect(readOptions(['--only', 'ours,unbound']).only).toEqual(['ours', 'unbound']);
  });

  it('takes paths as seen from here', () => {
    expect(readOptions(['--json', 'figures.json']).json).toBe(resolve('figures.json'));
  });

  it('--no-build leaves dist/ as it is', () => {
    expect(readOptions(['--no-build']).build).toBe(false);
  });

  it('--smoke is one round of a second, whatever else is said', () => {
    const { smoke, rounds, seconds } = readOptions(['--smoke', '--rounds', '9', '--seconds', '9']);
    expect({ smoke, rounds, seconds }).toEqual({ smoke: true, rounds: 1, seconds: 1 });
  });
});

describe('a command line that cannot be', () => {
  it.each([
    ['two loads', ['--mix', '--misses'], '--mix and --misses are two loads'],
    ['a rate in words', ['--rate', 'fast'], '--rate wants a whole number above 0, not "fast"'],
    ['no rounds', ['--rounds', '0'], '--rounds wants a whole number above 0, not "0"'],
    ['parts of a second', ['--seconds', '0.5'], '--seconds wants a whole number above 0, not "0.5"'],
    ['an unknown flood', ['--flood', 'udp'], '--flood wants misses, silence, tcp, not "udp"'],
    ['unknown floods', ['--overload', '--floods', 'queries,rain'], 'writers, not "rain"'],
    ['a flood beside a load', ['--flood', 'tcp', '--misses'], '--flood has a load of its own'],
    ['pauses beside a load', ['--pauses', '--mix'], '--pauses has a load of its own'],
    [
      'two benchmarks',
      ['--start', '--memory'],
      '--start and --memory are benchmarks of their own; one run is one',
    ],
    ['a churn of no names', ['--churn', '0'], '--churn wants a whole number above 0, not "0"'],
    ['an unknown flag', ['--doh'], "Unknown option '--doh'"],
  ])('%s', (_name, args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
