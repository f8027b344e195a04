/**
 * Signals are caught from the first moment and kept until somebody says what they mean. Imports nothing, so that nothing comes before it.
 *
 * The first moment is late all the same: a SIGUSR1 while Node itself starts makes it listen for debuggers, through which anybody on this
 * host could run code here. That is undone. (With `node --disable-sigusr1` it would not happen, but nor would a handler hear of SIGUSR1.)
 */

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGUSR1' | 'SIGHUP';
const CAUGHT: readonly SignalName[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGHUP'];

/** Long after that thread has been heard, on the busiest machine. */
const SECOND_LOOK_MS = 500;

export class SignalQueue {
  private readonly waiting: SignalName[] = [];
  private handler: ((signal: SignalName) => void) | undefined;

  constructor() {
    for (const signal of CAUGHT) process.on(signal, () => this.take(signal));
    // Node opens it from the event loop, asked by another thread.
    setImmediate(closeDebugger);
    setTimeout(closeDebugger, SECOND_LOOK_MS).unref();
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

/** Stops listening for debuggers, unless this process was started to be debugged. */
function closeDebugger(): void {
  const wanted = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`;
  if (/--inspect(?:-brk|-wait)?(?:[ =]|$)/.test(wanted)) return;
  const { url, close } = process.getBuiltinModule('node:inspector');
  if (url() !== undefined) close();
}

export const signals = new SignalQueue();
