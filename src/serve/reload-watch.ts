/**
 * Looks at the Corefile from time to time, as the `reload` plugin of the running configuration says, and takes a changed one over. A
 * Corefile that is broken is tried again when it changes; one that failed for another reason (a port that was taken) is tried again at the
 * next look. The same complaint is logged once.
 */
import { messageOf } from '../base/error-message.ts';
import { CorefileError } from '../corefile/corefile-error.ts';
import { hashServerBlocks } from '../corefile/hash.ts';
import type { Log } from '../observe/log-types.ts';
import type { Generation } from './generation.ts';
import type { Service } from './service.ts';

export class ReloadWatch {
  private readonly service: Service;
  private readonly log: Log;
  private timer: NodeJS.Timeout | undefined;
  /** Hash of the last Corefile that was broken, and the last complaint. */
  private refusedHash = '';
  private complaint = '';

  constructor(service: Service, log: Log) {
    this.service = service;
    this.log = log.child('plugin/reload');
  }

  start(): void {
    const { generation } = this.service;
    const settings = generation?.blocks.findLast((block) => block.settings.reload !== undefined)?.settings;
    // Without the plugin nothing is watched; SIGUSR1 still reloads.
    if (settings?.reload === undefined || generation === undefined) return;
    const { intervalMs, jitterMs } = settings.reload;
    this.log.info(`Running configuration SHA512 = ${generation.hash}`);
    const everyMs = intervalMs + Math.random() * jitterMs - jitterMs / 2;
    this.timer = setInterval(() => void this.look(generation), everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Starts over with the intervals of the configuration that serves now. */
  restart(): void {
    this.stop();
    this.start();
  }

  private async look(running: Generation): Promise<void> {
    if (this.service.generation !== running) {
      this.restart();
      return;
    }
    let hash: string;
    try {
      hash = hashServerBlocks(this.service.read());
    } catch (error) {
      this.complain(`Corefile parse failed: ${messageOf(error)}`, 'warn');
      return;
    }
    if (hash === running.hash || hash === this.refusedHash) return;
    const error = await this.service.reload();
    if (error === undefined) {
      this.refusedHash = '';
      this.complaint = '';
      this.log.info('Corefile changed, reloading complete');
      this.restart();
      return;
    }
    if (isAboutTheText(error)) this.refusedHash = hash;
    this.complain(`Corefile changed but reload failed: ${error.message}`, 'error');
  }

  private complain(message: string, level: 'warn' | 'error'): void {
    if (message === this.complaint) return;
    this.complaint = message;
    this.log[level](message);
  }
}

/** Whether trying the same text again is in vain. */
function isAboutTheText(error: Error): boolean {
  return (
    error instanceof CorefileError ||
    error.cause instanceof CorefileError ||
    error.cause instanceof RangeError
  );
}
