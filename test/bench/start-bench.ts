/** `npm run bench -- --start`: from the start of a process to its first answer over UDP, of builds of ours in turn. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { build } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { formatSpread } from './footprint.ts';
import type { BenchOptions } from './options.ts';
import { makePlace } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import type { Server } from './servers/server.ts';
import { askMessage } from '../../src/wire/ask-message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN } from '../../src/wire/registry.ts';
import { HITS, TYPE_CODES } from './loads.ts';

/** Often, since a query that comes too early is lost; how exact the figure is. */
const ASK_EVERY_MS = 2;
const PATIENCE_MS = 15_000;

/** @throws {Error} when one does not answer */
export async function benchStart(
  options: BenchOptions,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<void> {
  if (options.build) build();
  const { port: upstreamPort } = await startUpstream(workplace.directory, workplace.processes);
  const ours = servers.filter(({ role }) => role === 'ours');
  const times = ours.map((): number[] => []);
  // The first start of each fills the compile cache.
  for (let round = 0; round <= options.rounds; round++) {
    for (const [index, server] of ours.entries()) {
      const ms = await startOnce(server, `${server.name}-${round}`, upstreamPort, workplace);
      if (round > 0) times[index].push(ms);
    }
  }
  const lines = ours.map(({ name }, index) => `${name}: ${formatSpread(times[index], 'ms', 0)}\n`);
  process.stdout.write(`start to first answer, ${options.rounds} starts, median\n${lines.join('')}`);
}

async function startOnce(
  server: Server,
  name: string,
  upstreamPort: number,
  { directory, processes }: Workplace,
): Promise<number> {
  const place = await makePlace(server, name, { directory, upstreamPort });
  const startMs = performance.now();
  const program = processes.start({ name, command: server.command(place), directory: place.directory });
  try {
    await firstAnswer(place.port);
    return performance.now() - startMs;
  } finally {
    program.kill();
    await program.ended;
  }
}

async function firstAnswer(port: number): Promise<void> {
  const [{ name, type }] = HITS.probes;
  const question = { name: nameFromText(name), type: TYPE_CODES[type], class: CLASS_IN };
  const message = askMessage(question, {
    recursionDesired: true,
    checkingDisabled: false,
    dnssecOk: false,
    edns: true,
  });
  const socket = createSocket('udp4').on('error', () => undefined);
  const timer = setInterval(() => socket.send(message, port, '127.0.0.1', () => undefined), ASK_EVERY_MS);
  try {
    await once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
  } finally {
    clearInterval(timer);
    socket.close();
  }
}
