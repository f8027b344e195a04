/**
 * Looks at the configuration and takes a changed one over: from time to time, as the `reload` plugin of the running configuration says, and
 * whenever somebody asks for a look. Changed is a text that means something else, or a file of name servers that it names. A configuration
 * that is broken is tried again when it changes; one that failed for another reason (a port that was taken) is tried again at the next look.
 * The same complaint is logged once.
 */
import { messageOf } from '../base/error-message.ts';
import { CorefileError } from '../corefile/corefile-error.ts';
import { hashServerBlocks } from '../corefile/hash.ts';
import type { Log } from '../observe/log-types.ts';
import type { Generation } from './generation.ts';
import type { Service } from './service.ts';
import { upstreamFilesHash } from './upstream-files.ts';

/** What two configurations are told apart by. */
interface Fingerprint {
  readonly hash: string;
  /** Of the files that `forward` names. */
  readonly files: string;
}

export class ReloadWatch {
  private readonly service: Service;
  private readonly log: Log;
  private timer: NodeJS.Timeout | undefined;
  /** The configuration that the timer and what follows belong to. */
  private running: Generation | undefined;
  private files: string | undefined;
  /** The last configuration that was broken, and the last complaint. */
  private refused: Fingerprint | undefined;
  private complaint = '';
  private state: 'idle' | 'looking' | 'again' = 'idle';
  private stopped = false;

  constructor(service: Service, log: Log) {
    this.service = service;
    this.log = log.child('plugin/reload');
  }

  start(): void {
    const { generation } = this.service;
    if (generation === undefined) return;
    if (generation !== this.running) {
      this.running = generation;
      this.files = this.filesNow();
    }
    const settings = generation.blocks.findLast((block) => block.settings.reload !== undefined)?.settings;
    // Without the plugin there are no looks but those that are asked for; SIGUSR1 still reloads.
    if (settings?.reload === undefined) return;
    const { intervalMs, jitterMs } = settings.reload;
    this.log.info(`Running configuration SHA512 = ${generation.hash}`);
    const everyMs = intervalMs + Math.random() * jitterMs - jitterMs / 2;
    this.timer = setInterval(() => this.look(), everyMs);
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Starts over with the intervals of the configuration that serves now. */
  restart(): void {
    clearInterval(this.timer);
    if (!this.stopped) this.start();
  }

  /** Takes over what has changed. One that is asked for during another begins behind it. */
  look(): void {
    if (this.state === 'idle') void this.lookUntilDone();
    else this.state = 'again';
  }

  private async lookUntilDone(): Promise<void> {
    do {
      this.state = 'looking';
      await this.takeOver();
    } while (this.isAskedAgain());
    this.state = 'idle';
  }

  private isAskedAgain(): boolean {
    return this.state === 'again' && !this.stopped;
  }

  private async takeOver(): Promise<void> {
    const { generation } = this.service;
    if (generation === undefined) return;
    // Somebody else has reloaded.
    if (generation !== this.running) this.restart();
    const next = this.read();
    if (next === undefined) return;
    this.files ??= next.files;
    if (isSame(next, { hash: generation.hash, files: this.files })) {
      // What was broken was taken back; should it come again, it is new.
      this.forgive();
      return;
    }
    if (isSame(next, this.refused)) return;
    const what = next.hash === generation.hash ? 'A file that forward names' : 'Corefile';
    const error = await this.service.reload();
    if (error === undefined) {
      this.forgive();
      this.log.info(`${what} changed, reloading complete`);
      this.restart();
      // What was read before the reload: a change during it is one to come.
      this.files = next.files;
      return;
    }
    if (isAboutTheText(error)) this.refused = next;
    this.complain(`${what} changed but reload failed: ${error.message}`, 'error');
  }

  /** @returns undefined where the next look will say what is wrong */
  private filesNow(): string | undefined {
    try {
      return upstreamFilesHash(this.service.read());
    } catch {
      return undefined;
    }
  }

  /** @returns undefined, and says why, when there is nothing that could be taken over */
  private read(): Fingerprint | undefined {
    try {
      const blocks = this.service.read();
      return { hash: hashServerBlocks(blocks), files: upstreamFilesHash(blocks) };
    } catch (error) {
      this.complain(`Corefile parse failed: ${messageOf(error)}`, 'warn');
      return undefined;
    }
  }

  private forgive(): void {
    this.refused = undefined;
    this.complaint = '';
  }

  private complain(message: string, level: 'warn' | 'error'): void {
    if (message === this.complaint) return;
    this.complaint = message;
    this.log[level](message);
  }
}

const isSame = (one: Fingerprint, other: Fingerprint | undefined): boolean =>
  one.hash === other?.hash && one.files === other.files;

/** Whether trying the same text again is in vain. */
function isAboutTheText(error: Error): boolean {
  return (
    error instanceof CorefileError ||
    error.cause instanceof CorefileError ||
    error.cause instanceof RangeError
  );
}
