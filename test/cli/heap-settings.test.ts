import { describe, expect, it } from 'vitest';
import { newStart, serveStart, workerFlags } from '../../src/cli/heap-settings.ts';
import type { Start } from '../../src/cli/heap-settings.ts';

const serve = (overrides: Partial<Start> = {}): Start => ({
  execPath: '/usr/bin/node',
  execArgv: [],
  args: ['/app/main.js', 'serve', '--conf', 'Corefile'],
  env: {},
  hasChannel: false,
  processors: 2,
  ...overrides,
});

/** Of a start by a user, and by a guard. */
const environments = (env: Start['env']): (Start['env'] | undefined)[] => [
  newStart(serve({ env }))?.env,
  serveStart([], env, 2).env,
];

describe('a new start for V8 to hold little memory', () => {
  it('adds its flags to those of Node and keeps every argument', () => {
    expect(newStart(serve({ execArgv: ['--inspect'] }))?.args).toEqual([
      '/usr/bin/node',
      '--max-semi-space-size=8',
      '--inspect',
      '/app/main.js',
      'serve',
      '--conf',
      'Corefile',
    ]);
  });

  it('has the thread that answers collect by itself where it has no processor beside it', () => {
    const flags = ['--max-semi-space-size=8', '--single-threaded-gc'];
    expect(newStart(serve({ processors: 1 }))?.args.slice(1, 3)).toEqual(flags);
    expect(serveStart([], {}, 1).execArgv).toEqual(flags);
  });

  it.each([
    ['run', ['run', '-localip', '169.254.20.10']],
    ['node-cache, without a subcommand', ['-localip', '169.254.20.10']],
    ['guard', ['guard']],
  ])('is smaller for a process that only guards: %s', (_name, args) => {
    const start = newStart(
      serve({ args: ['/app/main.js', ...args], env: { PATH: '/bin', UV_THREADPOOL_SIZE: '2' } }),
    );
    expect(start?.args.slice(1, 4)).toEqual([
      '--max-semi-space-size=1',
      '--optimize-for-size',
      '--v8-pool-size=1',
    ]);
    expect(start?.env).toEqual({ PATH: '/bin', MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' });
  });

  it.each([
    {
      name: 'ours goes, serve’s comes',
      given: ['--max-semi-space-size=1', '--optimize-for-size', '--v8-pool-size=1'],
      child: ['--max-semi-space-size=8'],
    },
    {
      name: 'others stay',
      given: ['--inspect'],
      child: ['--max-semi-space-size=8', '--inspect'],
    },
    {
      name: 'what the user says too stays',
      given: ['--max-semi-space-size=1', '--single-threaded-gc', '--single-threaded-gc'],
      child: ['--max-semi-space-size=8', '--single-threaded-gc'],
    },
    { name: 'a choice stays', given: ['--max-semi-space-size=32'], child: ['--max-semi-space-size=32'] },
  ])('needs none for a child: $name', ({ given, child }) => {
    expect(serveStart(given, {}, 2).execArgv).toEqual(child);
  });

  it.each([
    { given: ['--max-semi-space-size=8'], worker: ['--single-threaded-gc', '--max-semi-space-size=8'] },
    {
      given: ['--max-semi-space-size=8', '--single-threaded-gc'],
      worker: ['--max-semi-space-size=8', '--single-threaded-gc'],
    },
    { given: ['--max-semi-space-size=32'], worker: ['--max-semi-space-size=32'] },
  ])('has workers collect by themselves, unless the user has chosen: $given', ({ given, worker }) => {
    expect(workerFlags(given)).toEqual(worker);
  });

  it('leaves the choice of the environment to the child too', () => {
    const env = { NODE_OPTIONS: '--max-semi-space-size=4', MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' };
    expect(serveStart([], env, 2)).toEqual({
      execArgv: [],
      env: {
        NODE_OPTIONS: '--max-semi-space-size=4',
        UV_THREADPOOL_SIZE: '2',
        MALLOC_MMAP_THRESHOLD_: '131072',
      },
    });
  });

  it('has the C library give large pieces back, unless the user has chosen, whoever starts serve', () => {
    const ours = { PATH: '/bin', MALLOC_MMAP_THRESHOLD_: '131072' };
    expect(environments({ PATH: '/bin' })).toEqual([ours, ours]);
    const chosen = { MALLOC_MMAP_THRESHOLD_: '65536' };
    expect(environments(chosen)).toEqual([chosen, chosen]);
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
