import { describe, expect, it } from 'vitest';
import { parseRunArguments } from '../support/run-arguments.ts';

describe('the arguments of npm test', () => {
  it.each([
    ['none', [], { install: false, vitest: [] }],
    ['only ours', ['--install'], { install: true, vitest: [] }],
    [
      'options and filters for vitest',
      ['--project', 'unit', 'wire'],
      { install: false, vitest: ['--project', 'unit', 'wire'] },
    ],
    [
      'ours among those of vitest',
      ['-t', 'name', '--install', 'wire'],
      { install: true, vitest: ['-t', 'name', 'wire'] },
    ],
  ])('%s', (_name, args, expected) => {
    expect(parseRunArguments(args)).toEqual(expected);
  });
});
