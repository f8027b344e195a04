/**
 * Runs a program of the host (nft, iptables-restore, ip) to its end: input given, output bounded, time bounded. What an exit code other than
 * 0 means is the caller's to say; that the program is missing, may not be run or takes too long is an error here.
 */
import { spawn } from 'node:child_process';
import { delimiter, isAbsolute } from 'node:path';
import { codeOf, messageOf } from '../base/error-message.ts';
import { HostError } from './host-error.ts';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Then it is killed. Default `TOOL_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
}

/** Nothing that we run takes longer on a host that works; waiting for the xtables lock is bounded by its own option, below this. */
export const TOOL_TIMEOUT_MS = 10_000;
/** A node with 10,000 services has some 10 MB of iptables rules; we ask for tables where there are few. */
const MOST_OUTPUT_OCTETS = 64 * 1024 * 1024;

export type RunTool = (about: 'rules' | 'interface', call: ToolCall) => Promise<ToolResult>;

/** Where distributions keep these programs; some units, and shells of users, have no such places in their PATH. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Messages of tools are in English, whatever the host's language. */
const ENVIRONMENT = { ...process.env, PATH: searchPath(process.env['PATH']), LC_ALL: 'C' };

/** What PATH says, without places relative to wherever this process was started, and then the usual ones. */
export function searchPath(path = ''): string {
  const given = path.split(delimiter).filter((directory) => isAbsolute(directory));
  return [...new Set([...given, ...SYSTEM_DIRECTORIES])].join(delimiter);
}

export const runTool: RunTool = (about, { command, args, stdin, timeoutMs = TOOL_TIMEOUT_MS }) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: ENVIRONMENT,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    let octets = 0;
    const keep = (chunks: Buffer[], chunk: Buffer): void => {
      octets += chunk.length;
      if (octets <= MOST_OUTPUT_OCTETS) chunks.push(chunk);
      else child.kill('SIGKILL');
    };
    child.stdout?.on('data', (chunk: Buffer) => keep(out, chunk));
    child.stderr?.on('data', (chunk: Buffer) => keep(errors, chunk));
    child.once('error', (error) => reject(spawnError(about, command, error)));
    child.once('close', (code, signal) => {
      const [stdout, stderr] = [out, errors].map((chunks) => Buffer.concat(chunks).toString());
      if (code !== null) resolve({ code, stdout, stderr });
      else reject(new HostError(about, 'failed', `${command} was ended by ${signal} after ${timeoutMs} ms`));
    });
    // A tool that ends before it has read everything says why on its way out.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });

function spawnError(about: 'rules' | 'interface', command: string, error: Error): HostError {
  const code = codeOf(error) === 'ENOENT' ? 'tool' : 'failed';
  const message = code === 'tool' ? `${command} is not installed, or not in PATH` : messageOf(error);
  return new HostError(about, code, message, { cause: error });
}
