/**
 * Numbers that one process gives another one at the moment they are asked for, over a socket without a file: an abstract address (unix(7)),
 * which only processes of the same network namespace reach, as they do a page on 127.0.0.1. Nothing is asked in words: who connects is given
 * the numbers of that moment, as JSON, and the connection ends. What the numbers mean is the caller's.
 */
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { messageOf } from '../base/error-message.ts';
import type { Log } from './log-types.ts';
import type { FamilySnapshot } from './metrics.ts';
import { parseNumbers } from './parse-numbers.ts';

/** There is one who asks, once or twice in a scrape's interval. */
const MOST_CONNECTIONS = 4;
/** For a connection on which nothing moves. */
const SILENCE_TIMEOUT_MS = 2_000;
/** Some hundred KB with many blocks on many addresses. */
export const MOST_ANSWER_OCTETS = 8 * 1024 * 1024;

const abstractPath = (name: string): string => `\0${name}`;

/**
 * Gives numbers to whoever asks under this name, for as long as the process lives; keeps no process alive.
 *
 * @param name without a NUL; at most 100 octets
 * @param log is told when the name cannot be had: nobody's DNS depends on it
 */
export function offerNumbers(
  name: string,
  numbers: () => Promise<readonly FamilySnapshot[]>,
  log: Pick<Log, 'warn'>,
): Server {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.setTimeout(SILENCE_TIMEOUT_MS, () => socket.destroy());
    numbers().then(
      (families) => socket.end(JSON.stringify(families)),
      () => socket.destroy(),
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('error', (error) => log.warn(`numbers for the guard's page: ${messageOf(error)}`));
  return server.listen(abstractPath(name)).unref();
}

/**
 * Asks for the numbers that are offered under this name.
 *
 * @param timeoutMs from connecting to the last octet
 * @returns nothing where nobody offers them, or not in time, or something else; never rejects
 */
export async function askNumbers(name: string, timeoutMs: number): Promise<FamilySnapshot[]> {
  const socket = createConnection(abstractPath(name));
  const late = setTimeout(() => socket.destroy(new Error('no numbers in time')), timeoutMs);
  try {
    return parseNumbers(await text(bounded(socket)));
  } catch {
    return [];
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

/** @throws {RangeError} for more than is ever wanted */
async function* bounded(socket: Socket): AsyncGenerator<Buffer> {
  let octets = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > MOST_ANSWER_OCTETS) throw new RangeError(`more than ${MOST_ANSWER_OCTETS} octets`);
    yield chunk;
  }
}
