/**
 * Signals are caught from the first moment and kept until somebody says what they mean. Imports nothing, so that nothing comes before it.
 */

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGUSR1' | 'SIGHUP';
const CAUGHT: readonly SignalName[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGHUP'];

export class SignalQueue {
  private readonly waiting: SignalName[] = [];
  private handler: ((signal: SignalName) => void) | undefined;

  constructor() {
    for (const signal of CAUGHT) process.on(signal, () => this.take(signal));
  }

  /** From now on each signal goes to `handler`, first those that came before. */
  handle(handler: (signal: SignalName) => void): void {
    this.handler = handler;
    for (const signal of this.waiting.splice(0)) handler(signal);
  }

  private take(signal: SignalName): void {
    if (this.handler === undefined) this.waiting.push(signal);
    else this.handler(signal);
  }
}

export const signals = new SignalQueue();
