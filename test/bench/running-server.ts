/** From a row of `servers.ts` to a process that answers: its files written, started, and believed only when its answers are right. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { ask, judge } from './ask.ts';
import type { Load, Question } from './loads.ts';
import { lastOf } from './processes.ts';
import type { Processes, Program } from './processes.ts';
import type { Place, Server } from './servers/server.ts';

export interface RunningServer {
  readonly server: Server;
  readonly place: Place;
  readonly program: Program;
}

const READY_MS = 15_000;
const RETRY_MS = 100;
const PREPARE_MS = 30_000;

export interface Surroundings {
  /** Of the run; the server gets one below it. */
  readonly directory: string;
  readonly upstreamPort: number;
  readonly processes: Processes;
}

/** A place of this name with the server's files in it. */
export async function makePlace(
  server: Server,
  name: string,
  { directory, upstreamPort }: Omit<Surroundings, 'processes'>,
): Promise<Place> {
  const place: Place = {
    directory: join(directory, name),
    port: await freePort(),
    sparePort: await freePort(),
    upstreamPort,
  };
  mkdirSync(place.directory);
  for (const [file, text] of Object.entries(server.files(place)))
    writeFileSync(join(place.directory, file), text);
  return place;
}

/** @throws {Error} with what it has printed, when it does not answer, or not the truth */
export async function startServer(
  server: Server,
  load: Load,
  { directory, upstreamPort, processes }: Surroundings,
): Promise<RunningServer> {
  const place = await makePlace(server, server.name, { directory, upstreamPort });
  const preparation = server.prepare?.(place);
  if (preparation !== undefined) {
    const options = { name: `${server.name}-prepare`, command: preparation, directory: place.directory };
    await processes.run(options, PREPARE_MS);
  }
  const program = processes.start({
    name: server.name,
    command: server.command(place),
    directory: place.directory,
  });
  const running: RunningServer = { server, place, program };
  try {
    for (const probe of load.probes) await untilTrue(running, probe, performance.now() + READY_MS);
  } catch (error) {
    program.kill();
    throw error;
  }
  return running;
}

/** Asks until the answer is right. Right after their start some servers refuse, or know of no upstream yet. */
async function untilTrue(running: RunningServer, question: Question, deadlineMs: number): Promise<void> {
  for (;;) {
    const answer = await ask(question, running.place.port);
    const problem =
      running.server.role === 'floor' && answer !== undefined ? undefined : judge(question, answer);
    if (problem === undefined) return;
    const { ending } = running.program;
    if (ending !== undefined) throw new Error(`ended with ${ending}: ${lastOf(running.program)}`);
    if (performance.now() > deadlineMs) throw new Error(`${problem}; it printed: ${lastOf(running.program)}`);
    await delay(RETRY_MS);
  }
}
