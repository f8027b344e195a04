import { describe, expect, it } from 'vitest';
import { newStart } from '../../src/cli/heap-settings.ts';
import type { Start } from '../../src/cli/heap-settings.ts';

const serve = (overrides: Partial<Start> = {}): Start => ({
  execPath: '/usr/bin/node',
  execArgv: [],
  args: ['/app/main.js', 'serve', '--conf', 'Corefile'],
  env: {},
  hasChannel: false,
  ...overrides,
});

describe('a new start for V8 to hold little memory', () => {
  it('adds its flag to those of Node and keeps every argument', () => {
    expect(newStart(serve({ execArgv: ['--inspect'] }))).toEqual([
      '/usr/bin/node',
      '--max-semi-space-size=8',
      '--inspect',
      '/app/main.js',
      'serve',
      '--conf',
      'Corefile',
    ]);
  });

  it.each([
    { name: 'was done already', start: serve({ execArgv: ['--max-semi-space-size=8'] }) },
    { name: 'would undo what the user says', start: serve({ execArgv: ['--max_semi_space_size=32'] }) },
    {
      name: 'would undo what the environment says',
      start: serve({ env: { NODE_OPTIONS: '--max-semi-space-size=4' } }),
    },
    { name: 'would cut off the parent', start: serve({ hasChannel: true }) },
    { name: 'would be in vain: nothing is served', start: serve({ args: ['/app/main.js', 'check'] }) },
    { name: 'would be in vain: there is no subcommand', start: serve({ args: ['/app/main.js'] }) },
  ])('is not made where it $name', ({ start }) => {
    expect(newStart(start)).toBeUndefined();
  });
});
