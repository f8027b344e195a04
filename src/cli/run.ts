/**
 * `run`: the guard as parent and `serve` as its child, for one container or one unit; what node-cache's flags start. Puts both together and
 * says what signals and endings mean; when the child is started, killed and started again is `guard/supervise.ts`'s.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import { messageOf } from '../base/error-message.ts';
import { startServe } from '../guard/child-process.ts';
import type { Guard } from '../guard/guard.ts';
import { NumbersFile } from '../guard/numbers-file.ts';
import { guardRoutes } from '../guard/pages.ts';
import { Supervision } from '../guard/supervise.ts';
import { openLogOutput } from '../observe/log-output.ts';
import type { FamilySnapshot } from '../observe/metrics.ts';
import { childCommand } from './child-command.ts';
import type { ChildCommand } from './child-command.ts';
import { GUARD_NUMBERS_VARIABLE, INSTANCE_VARIABLE, SERVE_NUMBERS_VARIABLE } from './child-environment.ts';
import { endBadly } from './end-badly.ts';
import type { RunFlags } from './guard-flags.ts';
import { withServeNumbers } from './guard-numbers.ts';
import { GuardPages } from './guard-pages.ts';
import { localAddresses, openGuard, takeHost } from './guarded-host.ts';
import { removePidFile, writePidFileInTime } from './pid-file.ts';
import { reapOrphans } from './reap-orphans.ts';
import { requireFreePort } from './require-free-port.ts';
import { makeRuntimeDirectory, removeRuntimeDirectory } from './runtime-directory.ts';
import { EXIT_FAILED, EXIT_FORCED, leave, makeVoice } from './serve-flags.ts';
import type { Voice } from './serve-flags.ts';
import type { SignalName, SignalQueue } from './signals.ts';

const STDOUT = 1;
/** Lameducks are short where rules go first; Kubernetes gives 30 s for everything, and `--grace` comes on top of this. */
const LONGEST_LAMEDUCK_MS = 20_000;
const STOP_SLACK_MS = 500;
/** A second INT does not wait longer for the host than this. */
const FORCED_CLOSE_MS = 2000;

export interface RunOptions {
  readonly flags: RunFlags;
  /** `serve` and its flags. */
  readonly serveArgs: readonly string[];
  /** How long answers of `serve` may take when it ends. */
  readonly graceMs: number;
  /** What is to be said at start. */
  readonly warnings: readonly string[];
}

/** Runs until a signal, or the child's failure, ends it; resolves when it has begun. */
export async function run(options: RunOptions, signals: SignalQueue): Promise<void> {
  const voice = makeVoice(options.flags, undefined);
  let daemon: RunDaemon;
  try {
    daemon = await makeDaemon(options, voice);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    leave(voice.ring, EXIT_FAILED);
  }
  signals.handle((signal) => daemon.signal(signal));
  reapOrphans();
  void daemon.run();
}

/** Nothing of the host is changed yet. @throws Error, RangeError, HostError for the user */
async function makeDaemon(options: RunOptions, voice: Voice): Promise<RunDaemon> {
  const { flags, serveArgs, warnings } = options;
  const addresses = localAddresses(flags.localip);
  const corefile = flags.baseCorefile ?? flags.conf;
  if (corefile === undefined) throw new Error('no Corefile: give the one to serve with -conf FILE');
  const { dnsPort, user } = flags;
  const child = await childCommand({ user, dnsPort, corefile, args: serveArgs });
  await takeHost(flags);
  await requireFreePort(addresses, dnsPort);
  const instance = randomBytes(8).toString('hex');
  const guard = await openGuard(flags, addresses, voice, instance);
  for (const warning of [...warnings, ...child.weaknesses]) voice.log.warn(warning);
  return new RunDaemon(options, voice, guard, {
    ...child,
    env: { ...child.env, [INSTANCE_VARIABLE]: instance },
  });
}

class RunDaemon {
  private readonly flags: RunFlags;
  private readonly voice: Voice;
  private readonly pages: GuardPages;
  private readonly supervision: Supervision;
  /** In memory, for the guard's numbers. */
  private readonly directory = makeRuntimeDirectory();
  private readonly numbers: NumbersFile | undefined;
  private stopping = false;
  /** What this process ends with when it does not come to the end that it is on its way to. */
  private overridingCode: number | undefined;
  /** Settles when the host is given back. */
  private finished: Promise<number> | undefined;

  constructor({ flags, graceMs }: RunOptions, voice: Voice, guard: Guard, child: ChildCommand) {
    this.flags = flags;
    this.voice = voice;
    const { log, metrics } = voice;
    const offered = `nodelocaldns-${randomBytes(8).toString('hex')}`;
    const numbers = (): Promise<readonly FamilySnapshot[]> => withServeNumbers(metrics, offered);
    this.pages = new GuardPages(guardRoutes(flags.pagesAddress, guard, numbers), log);
    const numbersPath = this.directory === undefined ? undefined : join(this.directory, 'guard.json');
    if (numbersPath === undefined) {
      log.info(`no file system in memory was found: metrics of the guard are on ${flags.pagesAddress} only`);
    } else {
      this.numbers = new NumbersFile(numbersPath, metrics, log);
    }
    const env = {
      ...child.env,
      [GUARD_NUMBERS_VARIABLE]: numbersPath,
      [SERVE_NUMBERS_VARIABLE]: offered,
    };
    // Another description of the same pipe: what the child sets for its own is not ours.
    const command = { ...child, env, stdout: openLogOutput(STDOUT) };
    this.supervision = new Supervision({
      guard,
      start: () => startServe(command),
      clock: SYSTEM_CLOCK,
      log,
      frozenAfterMs: flags.frozenAfterMs,
      stopMs: LONGEST_LAMEDUCK_MS + graceMs + STOP_SLACK_MS,
      teardown: !flags.skipTeardown,
    });
  }

  async run(): Promise<never> {
    const { pidfile } = this.flags;
    endBadly(this.voice, this.flags.interfaceName, () => this.giveBack());
    // However this process comes to its end.
    process.once('exit', () => this.supervision.kill());
    try {
      writePidFileInTime(pidfile, this.voice.log);
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
      return this.leave(EXIT_FAILED);
    }
    void this.pages.open();
    this.numbers?.start();
    this.finished = this.supervision.run();
    let code = EXIT_FAILED;
    try {
      code = await this.finished;
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
    }
    this.numbers?.close();
    await this.pages.close();
    return this.leave(code);
  }

  /** TERM and INT end with the child's lameduck, QUIT without; a second INT waits for nothing; USR1 is the child's; HUP is ignored. */
  signal(name: SignalName): void {
    const { log } = this.voice;
    if (name === 'SIGUSR1') this.supervision.reload();
    else if (name === 'SIGINT' && this.stopping) {
      log.info('SIGINT: Force quit');
      this.force();
    } else if (name !== 'SIGHUP' && !this.stopping) {
      this.stopping = true;
      log.info(`${name}: taking interception back, then terminating serve`);
      void this.supervision.stop(name === 'SIGQUIT' ? 'SIGQUIT' : 'SIGTERM');
    }
  }

  private force(): void {
    this.overridingCode = EXIT_FORCED;
    setTimeout(() => this.leave(EXIT_FORCED), FORCED_CLOSE_MS);
    this.supervision.kill();
  }

  /** At once, and with an error: what `run` does at its end is all that is left to do. */
  private async giveBack(): Promise<void> {
    this.overridingCode = EXIT_FAILED;
    this.supervision.kill();
    await this.finished;
  }

  private leave(code: number): never {
    if (this.directory !== undefined) removeRuntimeDirectory(this.directory);
    removePidFile(this.flags.pidfile);
    return leave(this.voice.ring, this.overridingCode ?? code);
  }
}
