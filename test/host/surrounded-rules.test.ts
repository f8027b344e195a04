import { expect, it } from 'vitest';
import { NoRules } from '../../src/host/no-rules.ts';
import { SurroundedRules } from '../../src/host/surrounded-rules.ts';
import type { Acceptance } from '../../src/host/surrounded-rules.ts';

class LoggedRules extends NoRules {
  readonly #log: string[];
  constructor(log: string[]) {
    super();
    this.#log = log;
  }
  override install(armed: readonly string[]): Promise<void> {
    this.#log.push('rules');
    return super.install(armed);
  }
  override remove(): Promise<void> {
    this.#log.push('rules removed');
    return super.remove();
  }
}

function acceptance(log: string[], standing: 'absent' | 'complete' | 'damaged' = 'complete'): Acceptance {
  return {
    install: async () => void log.push('acceptance'),
    remove: async () => void log.push('acceptance removed'),
    inspect: () => Promise.resolve(standing),
  };
}

it('clean once, accept, and then intercept; remove the other way round', async () => {
  const log: string[] = [];
  const cleanFormer = async (): Promise<void> => void log.push('cleaned');
  const rules = new SurroundedRules(new LoggedRules(log), {
    cleanFormer,
    acceptance: acceptance(log),
    weaknesses: ['one more'],
  });
  await rules.install([]);
  await rules.install([]);
  await rules.remove();
  expect(log).toEqual([
    'cleaned',
    'acceptance',
    'rules',
    'acceptance',
    'rules',
    'rules removed',
    'acceptance removed',
  ]);
  expect(rules.weaknesses).toContain('one more');
});

it('intercept nothing before the former rules are gone, and try to clean again', async () => {
  const log: string[] = [];
  const failures = [new Error('the lock is held')];
  const rules = new SurroundedRules(new LoggedRules(log), {
    cleanFormer: async () => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
    },
    acceptance: undefined,
    weaknesses: [],
  });
  await expect(rules.install([])).rejects.toThrow('the lock is held');
  expect(log).toEqual([]);
  await rules.install([]);
  expect(log).toEqual(['rules']);
});

it.each([
  { accepting: 'complete', standing: 'complete' },
  { accepting: 'damaged', standing: 'damaged' },
  { accepting: 'absent', standing: 'damaged' },
] as const)('are $standing where what accepts is $accepting', async ({ accepting, standing }) => {
  const rules = new SurroundedRules(new NoRules(), {
    cleanFormer: () => Promise.resolve(),
    acceptance: acceptance([], accepting),
    weaknesses: [],
  });
  expect((await rules.inspect()).standing).toBe(standing);
});
