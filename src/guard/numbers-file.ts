/**
 * Leaves the guard's numbers in a file, each second, so that the page of `serve`, the one that today's manifests have scraped, can show them
 * too. Written beside and renamed, so that nobody reads half of it. What becomes of them is the reader's (`observe/numbers-file.ts`).
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { messageOf } from '../base/error-message.ts';
import type { Log } from '../observe/log-types.ts';
import type { FamilySnapshot, MetricRegistry } from '../observe/metrics.ts';

const EVERY_MS = 1_000;
/** `serve` runs as another user. */
const READABLE = 0o644;

/** What both processes count, the log and the process itself, is each one's own. */
const OWN_FAMILIES = /^(?:nodelocaldns_guard_|coredns_nodecache_)/;

/** The families that the guard alone has, as they are now. */
export function guardFamilies(metrics: MetricRegistry): FamilySnapshot[] {
  metrics.refresh();
  return [...metrics.families()].filter(({ name }) => OWN_FAMILIES.test(name));
}

export class NumbersFile {
  private readonly path: string;
  private readonly metrics: MetricRegistry;
  private readonly log: Log;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private complaint = '';

  constructor(path: string, metrics: MetricRegistry, log: Log) {
    this.path = path;
    this.metrics = metrics;
    this.log = log;
  }

  start(): void {
    this.timer = setInterval(() => this.writeSoon(), EVERY_MS).unref();
    this.writeSoon();
  }

  /** Ends, and takes the file away. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    for (const path of [this.path, `${this.path}.new`])
      await rm(path, { force: true }).catch(() => undefined);
  }

  /** One after the other: a slow disk is not given more to do. */
  private writeSoon(): void {
    this.writing = this.writing.then(() => this.write());
  }

  private async write(): Promise<void> {
    const beside = `${this.path}.new`;
    try {
      await writeFile(beside, JSON.stringify(guardFamilies(this.metrics)), { mode: READABLE });
      await rename(beside, this.path);
      this.complaint = '';
    } catch (error) {
      const complaint = messageOf(error);
      if (complaint !== this.complaint) this.log.warn(`numbers for serve's page: ${complaint}`);
      this.complaint = complaint;
    }
  }
}
