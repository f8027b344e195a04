import { defineConfig } from 'vitest/config';

// `unit` files touch nothing outside their process; `scenario` files start daemons and bind ports, one file at a time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root: import.meta.dirname,
          include: ['**/*.test.ts'],
          exclude: ['scenario/**', 'lab/**', 'fuzz/**'],
          pool: 'threads',
        },
      },
      {
        test: {
          name: 'scenario',
          root: import.meta.dirname,
          include: ['scenario/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: true,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
    ],
  },
});
