import { defineConfig } from 'vitest/config';

// `unit` files touch nothing outside their process; `scenario` files start daemons and bind ports; `network` and `lab` files
// need root, and make hosts of network namespaces.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root: import.meta.dirname,
          include: ['**/*.test.ts'],
          exclude: ['scenario/**', 'lab/**', 'fuzz/**'],
          // As in the daemon, the C library is called by a main thread; and a crash in it names a file instead of ending everything.
          pool: 'forks',
        },
      },
      {
        test: {
          name: 'scenario',
          root: import.meta.dirname,
          include: ['scenario/**/*.test.ts'],
          pool: 'forks',
          // They mostly wait, for a daemon or a clock.
          maxWorkers: 2,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'network',
          root: import.meta.dirname,
          include: ['lab/**/*.test.ts'],
          exclude: ['lab/node/**'],
          pool: 'forks',
          // Each has hosts of its own, and they mostly wait for a lease to end.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'lab',
          root: import.meta.dirname,
          include: ['lab/node/**/*.test.ts'],
          pool: 'forks',
          // They count lost queries: nothing of ours stands beside them.
          maxWorkers: 1,
          fileParallelism: false,
          // Bounds of some milliseconds beside what a machine does of itself. Every figure is printed, also of the first time.
          retry: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
