/**
 * Log lines as JSON, one object a line, made by pino: `level` as a word, `time` in ISO 8601, `component` for what text has as a prefix,
 * `msg`. pino writes into the ring, not to a descriptor. It is loaded when the first such log is made: text, the default, need not pay
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
    const log = new JsonLog(state, openPino(state), '');
    state.ring.describeLoss = (lines) => log.compose('warn', lossMessage(lines));
    return log;
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
    this.state.ring.append(this.compose('info', text));
  }

  /** The same object as pino's, for a tenth of its price: there may be such a line for each query. */
  private compose(level: string, text: string): string {
    const component = this.component === '' ? '' : `,"component":${JSON.stringify(this.component)}`;
    return `{"level":"${level}","time":"${new Date().toISOString()}"${component},"msg":${JSON.stringify(text)}}`;
  }
}

function openPino(state: LogState): Logger {
  const { pino }: typeof import('pino') = createRequire(import.meta.url)('pino');
  const options = {
    level: 'debug',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string): object => ({ level: label }) },
  };
  return pino(options, { write: (line: string) => void state.ring.append(line.slice(0, -1)) });
}
