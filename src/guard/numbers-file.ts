/**
 * Leaves the guard's numbers in a file, every few seconds, so that the page of `serve`, the one that today's manifests have scraped, can show them
 * too. Written beside and renamed, so that nobody reads half of it. What becomes of them is the reader's (`observe/numbers-file.ts`).
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/error-message.ts';
import type { Log } from '../observe/log-types.ts';
import type { MetricRegistry } from '../observe/metrics.ts';
import { guardFamilies } from './guard-families.ts';

/** More often than anybody scrapes. */
const EVERY_MS = 5_000;
/** `serve` runs as another user. */
const READABLE = 0o644;

export class NumbersFile {
  private readonly path: string;
  private readonly metrics: MetricRegistry;
  private readonly log: Log;
  private timer: NodeJS.Timeout | undefined;
  private complaint = '';

  constructor(path: string, metrics: MetricRegistry, log: Log) {
    this.path = path;
    this.metrics = metrics;
    this.log = log;
  }

  start(): void {
    this.timer = setInterval(() => this.write(), EVERY_MS).unref();
    this.write();
  }

  /** Ends, and takes the file away. */
  close(): void {
    clearInterval(this.timer);
    for (const path of [this.path, `${this.path}.new`]) remove(path);
  }

  /** At once: the file is in memory, and a thread for each step of it costs more than the step. */
  private write(): void {
    const beside = `${this.path}.new`;
    try {
      writeFileSync(beside, JSON.stringify(guardFamilies(this.metrics)), { mode: READABLE });
      renameSync(beside, this.path);
      this.complaint = '';
    } catch (error) {
      const complaint = messageOf(error);
      if (complaint !== this.complaint) this.log.warn(`numbers for serve's page: ${complaint}`);
      this.complaint = complaint;
    }
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its directory goes too, and says why where it cannot.
  }
}
