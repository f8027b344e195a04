/** The floors: what it costs to move datagrams, in C and through our own batching listener. */
import { join } from 'node:path';
import type { Server } from './server.ts';

const BENCH = join(import.meta.dirname, '..');

export const ECHO_C: Server = {
  name: 'echo-c',
  role: 'floor',
  tool: 'gcc',
  overTcp: false,
  files: () => ({}),
  prepare: ({ directory }) => ['gcc', '-O2', '-o', join(directory, 'echo'), join(BENCH, 'echo.c')],
  command: ({ directory, port }) => [join(directory, 'echo'), String(port)],
};

export const ECHO_BATCH: Server = {
  name: 'echo-batch',
  role: 'floor',
  overTcp: false,
  files: () => ({}),
  command: ({ port }) => [process.execPath, join(BENCH, 'echo-batch.ts'), String(port)],
};
