/**
 * Log lines in the format of CoreDNS: `[INFO] message`, no time, since whoever collects them stamps them. One call is one line, whatever
 * the message holds: names from the network must not be able to write lines of their own, or to steer a terminal.
 */
import { joinPrefix, lossMessage } from './log-state.ts';
import type { LogState, RootLog } from './log-state.ts';
import type { Log } from './log-types.ts';

/** Control characters of ASCII and Latin-1, and the two Unicode characters that end lines. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const CONTROLS = new RegExp(CONTROL, 'gu');

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

export class TextLog implements RootLog {
  private readonly state: LogState;
  private readonly prefix: string;

  private constructor(state: LogState, prefix: string) {
    this.state = state;
    this.prefix = prefix;
  }

  static root(state: LogState): TextLog {
    state.ring.describeLoss = (lines) => `[WARNING] ${lossMessage(lines)}`;
    return new TextLog(state, state.worker === undefined ? '' : `worker=${state.worker}`);
  }

  get debugEnabled(): boolean {
    return this.state.debug;
  }

  setDebug(on: boolean): void {
    this.state.debug = on;
  }

  debug(message: string): void {
    if (this.state.debug) this.write('[DEBUG] ', message);
  }

  info(message: string): void {
    this.write('[INFO] ', message);
  }

  warn(message: string): void {
    this.write('[WARNING] ', message);
  }

  error(message: string): void {
    this.write('[ERROR] ', message);
  }

  child(prefix: string): Log {
    return new TextLog(this.state, joinPrefix(this.prefix, prefix));
  }

  line(text: string): void {
    this.state.ring.append(`[INFO] ${onOneLine(text)}`);
  }

  private write(level: string, message: string): void {
    const prefix = this.prefix === '' ? '' : `${this.prefix}: `;
    this.state.ring.append(level + prefix + onOneLine(message));
  }
}

function onOneLine(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, escapeControl) : text;
}

function escapeControl(character: string): string {
  const named = NAMED_ESCAPES.get(character);
  if (named !== undefined) return named;
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}
