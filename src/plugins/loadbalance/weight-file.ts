/**
 * Keeps the weights of a file at hand and looks at it from time to time. What cannot be read or understood leaves the weights as they were;
 * before the first good look every address weighs the same.
 */
import { readFile } from 'node:fs/promises';
import { formatDuration } from '../../base/duration.ts';
import { messageOf } from '../../base/error-message.ts';
import type { Log } from '../../observe/log-types.ts';
import { parseWeights } from './weights.ts';
import type { Weights } from './weights.ts';

/** Node's timers wait at most this long; more would make one fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The file cannot be opened, whatever is or was in it. */
class OpenError extends Error {}

export class WeightFile {
  weights: Weights = new Map();
  private readonly path: string;
  private readonly reloadMs: number;
  private readonly log: Log;
  private timer: NodeJS.Timeout | undefined;
  private text: string | undefined;
  private looking = false;
  private stopped = false;

  /** @param reloadMs between two looks; 0 for one look in all */
  constructor(path: string, reloadMs: number, log: Log) {
    this.path = path;
    this.reloadMs = reloadMs;
    this.log = log;
  }

  /** @throws Error when the file cannot be understood, or cannot be opened and is looked at only once */
  async start(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      if (!(error instanceof OpenError) || this.reloadMs === 0) throw error;
      const period = formatDuration(this.reloadMs);
      this.log.warn(`Failed to open weight file:${error.message}. Will try again in ${period}`);
    }
    if (this.stopped || this.reloadMs === 0) return;
    this.timer = setInterval(() => void this.look(), Math.min(this.reloadMs, MAX_TIMER_MS)).unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Takes over what has changed. Never rejects; one look at a time. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.read();
    } catch (error) {
      this.log.error(messageOf(error));
    } finally {
      this.looking = false;
    }
  }

  private async read(): Promise<void> {
    const text = await this.open();
    if (text === this.text || this.stopped) return;
    // What is wrong with a text is told once.
    this.text = text;
    this.weights = parseWeights(text, this.path);
    this.log.info(`Successfully reloaded weight file ${this.path}`);
  }

  private async open(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (cause) {
      throw new OpenError('weight file open error', { cause });
    }
  }
}
