/**
 * `guard`: lets queries reach the cache as long as it proves that it answers, where `serve` runs on its own (two units). Reads no Corefile and
 * starts nobody. With `--once-clean` it removes what is left on the host instead, and ends.
 */
import { messageOf } from '../base/error-message.ts';
import type { Guard } from '../guard/guard.ts';
import { guardRoutes } from '../guard/pages.ts';
import { cleanHost } from '../host/clean-host.ts';
import { cleanFormerRules } from '../host/iptables/clean-former.ts';
import { runTool } from '../host/run-tool.ts';
import type { FamilySnapshot } from '../observe/metrics.ts';
import { takeSnapshot } from '../observe/snapshot.ts';
import { endBadly } from './end-badly.ts';
import { endProcess } from './end-process.ts';
import type { GuardFlags } from './guard-flags.ts';
import { GuardPages } from './guard-pages.ts';
import { localAddresses, openGuard, takeHost } from './guarded-host.ts';
import { removePidFile, writePidFileInTime } from './pid-file.ts';
import { EXIT_FAILED, EXIT_FORCED, leave, makeVoice } from './serve-flags.ts';
import type { Voice } from './serve-flags.ts';
import type { SignalName, SignalQueue } from './signals.ts';

/** Guards until a signal ends it; resolves when guarding has begun. */
export async function guard(flags: GuardFlags, signals: SignalQueue): Promise<void> {
  if (flags.onceClean) {
    process.exitCode = await cleanOnce(flags.interfaceName);
    return;
  }
  const voice = makeVoice(flags, undefined);
  let daemon: GuardDaemon;
  try {
    const addresses = localAddresses(flags.localip);
    await takeHost(flags);
    const made = await openGuard(flags, addresses, voice, undefined);
    daemon = new GuardDaemon(flags, voice, made);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    endProcess(EXIT_FAILED);
  }
  await daemon.start(signals);
}

/** @returns the exit code */
async function cleanOnce(interfaceName: string): Promise<number> {
  const { done, failures } = await cleanHost({ interfaceName, run: runTool, cleanFormerRules });
  for (const line of done) process.stdout.write(`${line}\n`);
  for (const line of failures) process.stderr.write(`${line}\n`);
  if (done.length === 0 && failures.length === 0) process.stdout.write('nothing to clean\n');
  return failures.length === 0 ? 0 : EXIT_FAILED;
}

class GuardDaemon {
  private readonly flags: GuardFlags;
  private readonly voice: Voice;
  private readonly guard: Guard;
  private readonly pages: GuardPages;
  private stopping = false;

  constructor(flags: GuardFlags, voice: Voice, made: Guard) {
    this.flags = flags;
    this.voice = voice;
    this.guard = made;
    const numbers = (): FamilySnapshot[] => takeSnapshot(voice.metrics);
    this.pages = new GuardPages(guardRoutes(flags.pagesAddress, made, numbers), voice.log);
  }

  async start(signals: SignalQueue): Promise<void> {
    endBadly(this.voice, this.flags.interfaceName, () => this.close());
    signals.handle((signal) => this.signal(signal));
    try {
      writePidFileInTime(this.flags.pidfile, this.voice.log);
      await this.guard.start();
    } catch (error) {
      if (this.stopping) return;
      process.stderr.write(`${messageOf(error)}\n`);
      await this.end(EXIT_FAILED);
    }
    if (this.stopping) return;
    await this.pages.open();
  }

  /** TERM, INT and QUIT end it; a second INT does not wait for the host; there is nothing to reload. */
  private signal(name: SignalName): void {
    if (name === 'SIGHUP' || name === 'SIGUSR1') return;
    if (this.stopping) {
      if (name === 'SIGINT') leave(this.voice.ring, EXIT_FORCED);
      return;
    }
    this.stopping = true;
    this.voice.log.info(`${name}: taking interception back, then terminating`);
    void this.end(0);
  }

  private async end(code: number): Promise<never> {
    this.stopping = true;
    const closed = await this.close().then(
      () => true,
      (error: unknown) => this.voice.log.error(`the host is not as it was: ${messageOf(error)}`),
    );
    return leave(this.voice.ring, closed === true ? code : EXIT_FAILED);
  }

  private async close(): Promise<void> {
    const { flags } = this;
    removePidFile(flags.pidfile);
    try {
      await this.guard.disarm('stopping');
    } finally {
      await this.guard.close({ teardown: !flags.skipTeardown });
      await this.pages.close();
    }
  }
}
