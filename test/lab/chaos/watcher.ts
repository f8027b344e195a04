/**
 * Asks each of its arguments forty times a second, each query from a port of its own as clients do, and prints a line of JSON for each time in
 * which nobody answered: its address, and from when to when (milliseconds since the epoch). Times in which this process itself did not run
 * are no such times. SIGTERM ends it, after a line for what is not over.
 */
import { createSocket } from 'node:dgram';
import { askMessage } from '../../../src/wire/ask-message.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../../src/wire/registry.ts';
import { WHO } from '../support/plan.ts';
import { TOLD_MS } from './darkness.ts';
import type { Darkness } from './darkness.ts';

const EVERY_MS = 25;
/** After this an answer helps nobody. */
const PATIENCE_MS = 2_000;
/** Ticks that are so late were not ours to send. */
const LATE_MS = 50;

const QUERY = askMessage(
  { name: nameFromText(`${WHO}.`), type: TYPE_A, class: CLASS_IN },
  { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: false },
);

const addresses = process.argv.slice(2);
/** When the last query was sent that has been answered. */
const lit = new Map(addresses.map((address) => [address, performance.now()]));

function tell(address: string, fromMs: number, toMs: number): void {
  const darkness: Darkness = {
    address,
    fromMs: Math.round(performance.timeOrigin + fromMs),
    ms: Math.round(toMs - fromMs),
  };
  if (darkness.ms >= TOLD_MS) process.stdout.write(`${JSON.stringify(darkness)}\n`);
}

function ask(address: string): void {
  const sentMs = performance.now();
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const timer = setTimeout(() => socket.close(), PATIENCE_MS);
  socket.on('error', () => undefined);
  socket.on('message', () => {
    clearTimeout(timer);
    socket.close();
    const lastMs = lit.get(address) ?? sentMs;
    if (sentMs <= lastMs) return;
    tell(address, lastMs, sentMs);
    lit.set(address, sentMs);
  });
  socket.send(QUERY, 53, address, () => undefined);
}

let lastTickMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  const lateMs = nowMs - lastTickMs - EVERY_MS;
  lastTickMs = nowMs;
  if (lateMs > LATE_MS) for (const [address, atMs] of lit) lit.set(address, atMs + lateMs);
  addresses.forEach(ask);
}, EVERY_MS);
process.once('SIGTERM', () => {
  const nowMs = performance.now();
  for (const [address, fromMs] of lit) tell(address, fromMs, nowMs);
  process.exit(0);
});
process.stdout.write('watching\n');
