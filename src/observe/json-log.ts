/**
 * Log lines as JSON, one object a line, made by pino: `level` as a word, `time` in ISO 8601, `component` for what text has as a prefix,
 * `msg`, and `worker` in a process that is one of several. pino writes into the ring, not to a descriptor. It is loaded when the first such log is made: text, the default, need not pay
 * its 10 MB.
 */
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { joinPrefix, lossMessage } from './log-state.ts';
import type { LogState, RootLog } from './log-state.ts';
import type { Log } from './log-types.ts';

export class JsonLog implements RootLog {
  private readonly state: LogState;
  private readonly top: Logger;
  private readonly logger: Logger;
  private readonly component: string;

  private constructor(state: LogState, top: Logger, component: string) {
    this.state = state;
    this.top = top;
    // From the top each time: a child of a child would name its component twice.
    this.logger = component === '' ? top : top.child({ component });
    this.component = component;
  }

  static root(state: LogState): JsonLog {
    state.ring.describeLoss = lossLine;
    return new JsonLog(state, openPino(state), '');
  }

  get debugEnabled(): boolean {
    return this.state.debug;
  }

  setDebug(on: boolean): void {
    this.state.debug = on;
  }

  debug(message: string): void {
    if (this.state.debug) this.logger.debug(message);
  }

  info(message: string): void {
    this.logger.info(message);
  }

  warn(message: string): void {
    this.logger.warn(message);
  }

  error(message: string): void {
    this.logger.error(message);
  }

  child(prefix: string): Log {
    return new JsonLog(this.state, this.top, joinPrefix(this.component, prefix));
  }

  line(text: string): void {
    this.logger.info(text);
  }
}

/** As pino would write it; the ring needs it as text, not through itself. */
function lossLine(lines: number): string {
  return JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg: lossMessage(lines) });
}

function openPino(state: LogState): Logger {
  const { pino }: typeof import('pino') = createRequire(import.meta.url)('pino');
  const options = {
    level: 'debug',
    base: state.worker === undefined ? null : { worker: state.worker },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string): object => ({ level: label }) },
  };
  return pino(options, { write: (line: string) => void state.ring.append(line.slice(0, -1)) });
}
