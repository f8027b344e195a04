/** Programs of ours beside the load: started with a channel for messages, and gone when this process is. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export class Helper {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, () => void>();
  private orders = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.on('message', (number: number) => {
      this.waiting.get(number)?.();
      this.waiting.delete(number);
    });
    child.on('exit', (code) => {
      for (const settle of this.waiting.values()) settle();
      this.waiting.clear();
      if (code !== 0 && code !== null) this.failed = `a helper ended with exit code ${code}`;
    });
  }

  /** What went wrong with it, if anything did: the run is worth nothing then. */
  failed: string | undefined;

  /** @param file beside this one. Resolves when it is ready. */
  static async start(file: string, args: readonly (number | string)[]): Promise<Helper> {
    const child = fork(join(import.meta.dirname, file), args.map(String));
    await once(child, 'message');
    return new Helper(child);
  }

  /** Resolves when it has been done; an order is an object that goes with a number of its own. */
  order(what: Readonly<Record<string, unknown>>): Promise<void> {
    const number = ++this.orders;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve);
      this.child.send({ number, ...what });
    });
  }

  stop(): void {
    this.child.removeAllListeners('exit');
    if (this.child.connected) this.child.disconnect();
  }
}
