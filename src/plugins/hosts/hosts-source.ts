/**
 * Keeps the table of a hosts file up to date: reads it when the block begins to serve, and again whenever its size or time of change is
 * another. What could not be read leaves the last table in place; it is told once, not at every look.
 *
 * The file is read in pieces between which queries are answered, and the table is replaced when it is complete.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { codeOf, messageOf } from '../../base/error-message.ts';
import { goQuote } from '../../base/go-quote.ts';
import type { Log } from '../../observe/log-types.ts';
import { HostsReader } from './hosts-file.ts';
import type { HostsFileOptions, HostsTable } from './hosts-file.ts';
import type { HostsMetrics } from './metrics.ts';
import { AnswerStore, loadCodec } from './static-answer.ts';
import type { Codec } from './static-answer.ts';

/** A list of blocked names with a million entries has about half of this. */
export const MAX_FILE_OCTETS = 64 * 1024 * 1024;
/** About a millisecond's work: what a query may have to wait for while the file is read. */
const PIECE_OCTETS = 32 * 1024;
/** A pipe without a writer must not be waited for. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** The longest a timer of Node can wait; more would make it fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export interface HostsSourceOptions extends HostsFileOptions {
  readonly path: string;
  /** Whether the Corefile names the file; `/etc/hosts` may be missing without a word. */
  readonly named: boolean;
  /** Lines of the Corefile, which follow those of the file. */
  readonly inline: string;
  /** 0 never looks again. */
  readonly reloadMs: number;
  readonly maxFileOctets?: number;
}

/** What answers are made from. */
export interface LoadedHosts {
  readonly table: HostsTable;
  readonly answers: AnswerStore;
  readonly codec: Codec;
}

interface Version {
  readonly changedMs: number;
  readonly octets: number;
}

export class HostsSource {
  /** Undefined until the first look. */
  loaded: LoadedHosts | undefined;
  /** Settles with the first look, however it ended. */
  readonly started: Promise<void>;
  private readonly options: HostsSourceOptions;
  private readonly log: Log;
  private readonly metrics: HostsMetrics;
  private readonly markStarted: () => void;
  private codec: Codec | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private stopped = false;
  private version: Version | undefined;
  private complaint = '';

  constructor(options: HostsSourceOptions, log: Log, metrics: HostsMetrics) {
    this.options = options;
    this.log = log;
    this.metrics = metrics;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.started = promise;
    this.markStarted = resolve;
  }

  /**
   * Reads the file, and looks at it from then on. A file that is missing, or a directory, is a warning.
   * @throws Error when the file cannot be read.
   */
  async start(): Promise<void> {
    try {
      await this.firstLook();
    } finally {
      this.markStarted();
    }
    if (this.stopped || this.options.reloadMs === 0) return;
    const periodMs = Math.min(this.options.reloadMs, MAX_TIMER_MS);
    this.timer = setInterval(() => void this.look(), periodMs).unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Reads the file if it has changed. Never rejects; one look at a time. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.readIfChanged();
      this.complaint = '';
    } catch (error) {
      const complaint = this.describe(error);
      if (complaint !== this.complaint) this.log.warn(`${complaint}; the entries read last are kept`);
      this.complaint = complaint;
    } finally {
      this.looking = false;
    }
  }

  private async firstLook(): Promise<void> {
    this.codec = await loadCodec();
    try {
      await this.readIfChanged();
    } catch (error) {
      this.complaint = this.describe(error);
      if (!isMissing(error) && !(error instanceof NotAFileError)) {
        throw new Error(this.complaint, { cause: error });
      }
      if (this.options.named || !isMissing(error)) this.log.warn(this.complaint);
      this.replace(new HostsReader(this.options));
    }
  }

  private async readIfChanged(): Promise<void> {
    const file = await open(this.options.path, OPEN_FLAGS);
    try {
      const stats = await file.stat();
      if (!stats.isFile() && !stats.isCharacterDevice()) {
        const kind = stats.isDirectory() ? 'a directory' : 'not a file';
        throw new NotAFileError(`Hosts file ${goQuote(this.options.path)} is ${kind}`);
      }
      const version = { changedMs: stats.mtimeMs, octets: stats.size };
      if (!isSame(version, this.version)) await this.readVersion(file, version);
    } finally {
      await file.close();
    }
  }

  private async readVersion(file: FileHandle, version: Version): Promise<void> {
    try {
      const reader = await this.read(file);
      if (reader === undefined) return;
      this.replace(reader);
    } catch (error) {
      // What is wrong with the content stays wrong until the file changes; anything else is tried again.
      if (error instanceof RangeError) this.version = version;
      throw error;
    }
    this.version = version;
    this.metrics.reloadTimestamp.value = version.changedMs / 1000;
  }

  /**
   * @returns undefined when it was stopped on the way.
   * @throws RangeError when the file, or a line of it, is too long.
   */
  private async read(file: FileHandle): Promise<HostsReader | undefined> {
    const { maxFileOctets = MAX_FILE_OCTETS } = this.options;
    const reader = new HostsReader(this.options);
    const decoder = new StringDecoder('utf8');
    const pieces: AsyncIterable<Buffer> = file.createReadStream({
      autoClose: false,
      highWaterMark: PIECE_OCTETS,
    });
    let octets = 0;
    for await (const piece of pieces) {
      octets += piece.length;
      // What the file's status says is not believed: it may grow meanwhile, and a device has no size.
      if (octets > maxFileOctets) throw new RangeError(`it has more than ${maxFileOctets} octets`);
      reader.add(decoder.write(piece));
      if (this.stopped) return undefined;
    }
    reader.add(decoder.end());
    reader.end();
    return reader;
  }

  /** Ends the table with the lines of the Corefile, and answers from it. */
  private replace(reader: HostsReader): void {
    const { inline, path } = this.options;
    if (this.codec === undefined) throw new Error('the codec is loaded before the first look');
    reader.add(inline);
    reader.end();
    const { table } = reader;
    this.loaded = { table, answers: new AnswerStore(), codec: this.codec };
    this.metrics.entries.with(path).value = table.entries;
    this.log.debug(`Parsed hosts file into ${table.entries} entries`);
  }

  private describe(error: unknown): string {
    const { path } = this.options;
    if (isMissing(error)) return `File does not exist: ${path}`;
    if (error instanceof NotAFileError) return error.message;
    return `unable to access hosts file '${path}': ${messageOf(error)}`;
  }
}

class NotAFileError extends Error {}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

const isSame = (a: Version, b: Version | undefined): boolean =>
  b !== undefined && a.changedMs === b.changedMs && a.octets === b.octets;
