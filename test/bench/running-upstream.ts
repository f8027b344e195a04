/** The upstream of `upstream.ts` as a process, and how many queries it has answered. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { lastOf } from './processes.ts';
import type { Processes } from './processes.ts';

export interface RunningUpstream {
  readonly port: number;
  /** Queries since its start. */
  queries(): Promise<number>;
}

/**
 * @param start makes the command with which it is started: on which processor, how humbly
 * @throws {Error} with what it has printed, when it ends instead of serving
 */
export async function startUpstream(
  directory: string,
  processes: Processes,
  start = (command: readonly string[]): readonly string[] => command,
): Promise<RunningUpstream> {
  const port = await freePort();
  const command = start([process.execPath, join(import.meta.dirname, 'upstream.ts'), String(port)]);
  const { program, child } = processes.startWithChannel({ name: 'upstream', command, directory });
  const ended = program.ended.then((ending): never => {
    throw new Error(`the upstream ended with ${ending}: ${lastOf(program)}`);
  });
  // Awaited only while somebody waits for a message.
  ended.catch(() => undefined);
  await Promise.race([nextNumber(child), ended]);
  return {
    port,
    async queries() {
      const answer = Promise.race([nextNumber(child), ended]);
      child.send('how many queries?');
      return await answer;
    },
  };
}

async function nextNumber(child: ChildProcess): Promise<number> {
  const [message] = (await once(child, 'message')) as unknown[];
  return Number(message);
}
