/** The test's side of an agent: starts it in a namespace, tells it what to do, and kills it as a crash would. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { atTestEnd } from '../../support/at-test-end.ts';
import type { Namespace } from '../support/namespace.ts';
import type { Ask, Call, Endpoint, Listen, Reply } from './agent-calls.ts';

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url));
const ASK_TIMEOUT_MS = 300;

export class RemoteAgent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const reply = message as Reply;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  /** @param lifetime killed at the end of the test, or of the process that started it if nobody does before */
  static start(host: Namespace, lifetime: 'test' | 'process' = 'test'): RemoteAgent {
    const [program, ...args] = [...host.prefix, process.execPath, AGENT];
    const child = spawn(program ?? process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('close', () => process.off('exit', kill));
    if (lifetime === 'test') atTestEnd(kill);
    return new RemoteAgent(child);
  }

  async listen(...endpoints: readonly Listen[]): Promise<void> {
    for (const endpoint of endpoints) await this.#tell({ what: 'listen', ...endpoint });
  }

  async close(...endpoints: readonly Endpoint[]): Promise<void> {
    for (const endpoint of endpoints) await this.#tell({ what: 'close', ...endpoint });
  }

  /** @returns `rcode N`, `authoritative rcode N`, `nothing` after 0.3 s, `closed`, or an error's code */
  ask(ask: Omit<Ask, 'timeoutMs'>): Promise<string> {
    return this.#tell({ what: 'ask', timeoutMs: ASK_TIMEOUT_MS, ...ask });
  }

  /** As `ask` over TCP; the connection stays open. */
  keep(ask: Omit<Ask, 'timeoutMs'>): Promise<string> {
    return this.#tell({ what: 'keep', timeoutMs: ASK_TIMEOUT_MS, ...ask });
  }

  /** Over the connection that was kept. */
  askAgain(ask: Omit<Ask, 'timeoutMs'>): Promise<string> {
    return this.#tell({ what: 'ask again', timeoutMs: ASK_TIMEOUT_MS, ...ask });
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it is gone, also when it was gone already. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  #tell(call: Call): Promise<string> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ said, failed }) => {
        if (said === undefined) reject(new Error(`the agent could not ${call.what}: ${failed}`));
        else resolve(said);
      });
      this.#child.send({ id, call }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}
