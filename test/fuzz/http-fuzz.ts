/**
 * Damaged HTTP for the pages: against the server within this process (`fuzzPages`), and against any ports, such as the real daemon's
 * (`fuzzPorts`). Each connection comes to its end in time, what came on it are whole responses, and honest requests are answered
 * before and after.
 */
import { connect } from 'node:net';
import type { HttpRoute } from '../../src/observe/http-types.ts';
import { HttpServers } from '../../src/observe/http.ts';
import { RecordedLog } from '../observe/recorded-log.ts';
import { checkResponses } from './http-responses.ts';
import { httpInput } from './http-requests.ts';
import { Random } from './random.ts';

export interface HttpReport {
  readonly connections: number;
  readonly responses: number;
  /** What went wrong, each in a line with the octets that it takes to see it again. */
  readonly problems: readonly string[];
}

export interface HttpTarget {
  readonly port: number;
  /** Whether this is the whole body of an answer with this status. */
  readonly isPage: (status: number, body: string) => boolean;
  /** A path that is answered 200. */
  readonly path: string;
}

/** Fewer than a server keeps, or it would close the oldest. */
const CONNECTIONS_AT_ONCE = 8;
/** Beyond the server's own limit for a request that does not come to its end (5 s, looked at each second). */
const PATIENCE_MS = 8_000;
const MOST_PROBLEMS = 5;
/** Apart from the streams of random numbers of packets. */
const STREAM = 1_000;

const PLAIN_BODIES = new Map([
  [404, '404 page not found\n'],
  [405, 'Method Not Allowed\n'],
  [500, 'Internal Server Error\n'],
]);
const METRICS = `# HELP a_total A counter.\n# TYPE a_total counter\n${'a_total{b="c"} 1\n'.repeat(500)}`;

const page = (path: string, status: number, body: string): HttpRoute => ({
  address: '127.0.0.1:0',
  path,
  answer: () => ({ status, contentType: 'text/plain', body }),
});

const BROKEN: HttpRoute = {
  ...page('/broken', 0, ''),
  answer() {
    throw new Error('as this page does');
  },
};

/** Pages like those of the daemon, and one that fails. */
export async function fuzzPages(seed: number, connections: number): Promise<HttpReport> {
  const log = new RecordedLog();
  const servers = new HttpServers(log);
  await servers.apply([
    page('/health', 200, 'OK'),
    page('/ready', 503, 'forward'),
    page('/metrics', 200, METRICS),
    BROKEN,
  ]);
  const port = Number(servers.addresses()[0].split(':').at(-1));
  const isPage = (status: number, body: string): boolean =>
    [undefined, PLAIN_BODIES.get(status)].includes(body) ||
    (status === 200 && (body === 'OK' || body === METRICS)) ||
    (status === 503 && body === 'forward');
  const report = await fuzzPorts(seed, connections, [{ port, isPage, path: '/health' }]);
  await servers.close();
  const unexpected = log.lines.filter((line) => line !== 'error: http: /broken: as this page does');
  return { ...report, problems: [...report.problems, ...unexpected] };
}

/** Spreads the connections over the targets, a few at a time. */
export async function fuzzPorts(
  seed: number,
  connections: number,
  targets: readonly HttpTarget[],
): Promise<HttpReport> {
  const problems: string[] = [];
  let [next, responses] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < connections && problems.length < MOST_PROBLEMS) {
      const number = next++;
      const random = new Random(seed, STREAM + number);
      const target = targets[number % targets.length];
      const input = httpInput(random);
      try {
        const { received, isCut } = await converse(target.port, input, random);
        responses += checkResponses(received, isCut, target.isPage);
      } catch (error) {
        problems.push(`http: ${String(error)}; sent ${Buffer.from(input).toString('hex')}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS_AT_ONCE }, work));
  for (const target of targets) problems.push(...(await honestProblems(target)));
  return { connections: next, responses, problems };
}

interface Conversation {
  readonly received: Uint8Array;
  /** It did not end as the server wanted it. */
  readonly isCut: boolean;
}

/** Sends octets in pieces, ends our side or resets the connection, and gives what came. @throws Error where no end comes */
function converse(port: number, input: Uint8Array, random: Random): Promise<Conversation> {
  const isReset = random.once(8);
  const largest = random.pick([1, 7, 200, 40_000]);
  return new Promise((resolve, reject) => {
    const received: Uint8Array[] = [];
    let isCut = isReset;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the connection within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    socket.on('data', (chunk) => received.push(chunk));
    // The server closes before it has read all that it was sent: what it said may be lost on the way.
    socket.on('error', () => (isCut = true));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ received: Buffer.concat(received), isCut });
    });
    for (let offset = 0; offset < input.length;) {
      const piece = input.subarray(offset, offset + 1 + random.below(largest));
      offset += piece.length;
      socket.write(piece);
    }
    if (isReset) setTimeout(() => socket.resetAndDestroy(), random.below(5));
    else socket.end();
  });
}

async function honestProblems({ port, path }: HttpTarget): Promise<string[]> {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
    return status === 200 ? [] : [`http: afterwards ${path} answers ${status}`];
  } catch (error) {
    return [`http: afterwards ${path}: ${String(error)}`];
  }
}
