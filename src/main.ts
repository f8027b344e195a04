#!/usr/bin/env node
/**
 * The entry of every process of this program. Nothing that takes time comes before the signal handlers: Node opens a debugger port on SIGUSR1
 * for a program that does not listen to it. Only a new start comes first, so that no signal is caught and then lost in it.
 */
import module from 'node:module';
import { trustsCompileCache } from './cli/compile-cache-trust.ts';
import { keepHeapSmall } from './cli/heap-settings.ts';

/** node:dgram and node:net share ports, and types are stripped, from this version on. */
const OLDEST_NODE = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < OLDEST_NODE) {
  process.stderr.write(
    `nodelocaldns needs Node.js ${OLDEST_NODE} or newer, and this is ${process.versions.node}. ` +
      'npm ci brings one: use npm start, or node_modules/.bin/node.\n',
  );
  process.exit(1);
}
keepHeapSmall();
const { signals } = await import('./cli/signals.ts');
if (trustsCompileCache(process.env)) module.enableCompileCache();
const { main } = await import('./cli/cli.ts');
await main(process.argv.slice(2), signals);
