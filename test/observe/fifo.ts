/** A named pipe, for tests of what happens when nobody reads, reads slowly, or goes away. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A descriptor that answers EAGAIN gives no event when it can be read again, unless a socket takes it away from us. */
const POLL_MS = 2;

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

export class Fifo {
  readonly path: string;
  private readonly directory = mkdtempSync(join(tmpdir(), 'fifo-'));
  private readonly descriptors: number[] = [];

  constructor() {
    this.path = join(this.directory, 'pipe');
    execFileSync('mkfifo', [this.path]);
  }

  /** Keeps the pipe alive without reading from it; writers find somebody at the other end. */
  holdOpen(): number {
    return this.keep(openSync(this.path, O_RDWR | O_NONBLOCK));
  }

  /** A descriptor to write to, as `openLogOutput` makes them. Somebody must hold the other end. */
  openWriter(): number {
    return this.keep(openSync(this.path, O_WRONLY | O_NONBLOCK));
  }

  /** A descriptor whose writes wait when the pipe is full, and which is a reader too, so that the pipe is never without. */
  openBlocking(): number {
    return this.keep(openSync(this.path, O_RDWR));
  }

  openReader(): FifoReader {
    return new FifoReader(this.keep(openSync(this.path, O_RDONLY | O_NONBLOCK)));
  }

  /** Closes a descriptor before the end. */
  close(descriptor: number): void {
    this.descriptors.splice(this.descriptors.indexOf(descriptor), 1);
    closeSync(descriptor);
  }

  /** Closes everything that was opened, and removes the pipe. */
  remove(): void {
    for (const descriptor of this.descriptors) closeSync(descriptor);
    rmSync(this.directory, { recursive: true });
  }

  private keep(descriptor: number): number {
    this.descriptors.push(descriptor);
    return descriptor;
  }
}

export class FifoReader {
  /** Everything that has been read. */
  text = '';
  private readonly fd: number;
  private readonly decoder = new TextDecoder();

  constructor(fd: number) {
    this.fd = fd;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** Reads until what was read fulfils the condition; otherwise nothing is read. */
  async until(condition: (text: string) => boolean): Promise<void> {
    this.readAll();
    if (condition(this.text)) return;
    await setTimeout(POLL_MS);
    await this.until(condition);
  }

  private readAll(): void {
    const piece = Buffer.alloc(65_536);
    try {
      let length = -1;
      while (length !== 0) {
        length = readSync(this.fd, piece);
        this.text += this.decoder.decode(piece.subarray(0, length), { stream: true });
      }
    } catch {
      // EAGAIN: nothing there at the moment.
    }
  }
}
