/** A log that keeps its lines, for tests of those who log. */
import type { Log } from '../../src/observe/log-types.ts';

export class RecordedLog implements Log {
  readonly debugEnabled = true;
  /** `level: message`, oldest first. */
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(`debug: ${message}`);
  }

  info(message: string): void {
    this.lines.push(`info: ${message}`);
  }

  warn(message: string): void {
    this.lines.push(`warn: ${message}`);
  }

  error(message: string): void {
    this.lines.push(`error: ${message}`);
  }

  child(): Log {
    return this;
  }

  line(text: string): void {
    this.lines.push(text);
  }
}
