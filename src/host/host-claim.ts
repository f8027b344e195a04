/**
 * Who may change the rules and interface of a host: one process at a time, since a second one that fails would take away on its way out what the
 * first one lives on. The claim is a Unix socket of an abstract name: the kernel keeps such names for each network namespace, lets one process
 * have each, and takes it back when that process is gone, however it ended. It guards against mistakes; whoever may run processes in this
 * network namespace can take the name too, and then we do not begin, which the host survives.
 */
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { codeOf, messageOf } from '../base/error-message.ts';
import { HostError } from './host-error.ts';

/** What is claimed: `rules`, or `interface` and its name. */
export type Claimed = 'rules' | `interface ${string}`;

export interface HostClaim {
  /** Not needed where the process ends. */
  release(): void;
}

/** The first octet makes it abstract. */
const nameOf = (what: Claimed): string => `\0nodelocaldns ${what}`;

/** A holder that is stopped does not say who it is. */
const ANSWER_MS = 500;
const LONGEST_ANSWER = 20;

/** @throws {HostError} `conflict` when another process has one of them */
export async function claimHost(parts: readonly Claimed[]): Promise<HostClaim> {
  const servers: Server[] = [];
  const release = (): void => servers.forEach((server) => server.close());
  try {
    for (const part of parts) servers.push(await claim(part));
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

function claim(what: Claimed): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Whoever asks learns which process it is, and is gone.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(String(process.pid), () => socket.destroy());
    });
    const refused = async (error: Error): Promise<void> => reject(await refusal(what, error));
    server.once('error', (error) => void refused(error));
    server.listen({ path: nameOf(what) }, () => {
      server.on('error', () => undefined);
      resolve(server.unref());
    });
  });
}

async function refusal(what: Claimed, error: Error): Promise<HostError> {
  const about = what === 'rules' ? 'rules' : 'interface';
  if (codeOf(error) !== 'EADDRINUSE') {
    return new HostError(about, 'failed', `${what}: ${messageOf(error)}`, { cause: error });
  }
  const holder = await holderOf(what);
  const by = holder === undefined ? 'another process' : `process ${holder}`;
  const message = `${by} of nodelocaldns guards the ${what} of this host already; the host was not touched`;
  return new HostError(about, 'conflict', message, { cause: error });
}

/** By its own word, in its own namespace of processes. */
function holderOf(what: Claimed): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ path: nameOf(what) });
    const finish = (): void => {
      socket.destroy();
      resolve(/^\d+$/.test(said) ? said : undefined);
    };
    socket.setTimeout(ANSWER_MS, finish);
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.length > LONGEST_ANSWER) finish();
    });
    socket.once('error', finish);
    socket.once('close', finish);
  });
}
