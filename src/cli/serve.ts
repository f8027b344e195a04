/** `serve`: the data path as a process, with its signals; with `multisocket`, the first of several processes. */
import { messageOf } from '../base/error-message.ts';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import type { HttpAnswer } from '../observe/http-types.ts';
import { HttpServers } from '../observe/http.ts';
import type { FamilySnapshot } from '../observe/metrics.ts';
import { PIPE_BYTES_AT_ONCE } from '../observe/ring.ts';
import { DirectoryWatch } from '../pillar/files/directory-watch.ts';
import { corefileSource, readCorefile, templateSource } from '../serve/corefile-source.ts';
import type { CorefileSource } from '../serve/corefile-source.ts';
import { followService } from '../serve/follow-service.ts';
import type { Generation } from '../serve/generation.ts';
import { tellOfAddresses } from '../serve/intercepted-addresses.ts';
import { ReloadWatch } from '../serve/reload-watch.ts';
import { presenceIn } from '../serve/presence.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { Service } from '../serve/service.ts';
import type { ServiceFollower } from '../serve/service-follower.ts';
import type { Supervisor } from '../workers/supervisor.ts';
import { GUARD_NUMBERS_VARIABLE, SERVE_NUMBERS_VARIABLE } from './child-environment.ts';
import { endProcess } from './end-process.ts';
import { endWithParent } from './end-with-parent.ts';
import { workerFlags } from './heap-settings.ts';
import { removePidFile, writePidFileInTime } from './pid-file.ts';
import { reapOrphans } from './reap-orphans.ts';
import { EXIT_FAILED, EXIT_FORCED, leave, makeVoice } from './serve-flags.ts';
import type { ServeFlags, Voice } from './serve-flags.ts';
import type { SignalName, SignalQueue } from './signals.ts';
import { endSocketsFirst } from './sockets-end-first.ts';

/** Beyond their own time to end, before workers are killed. */
const WORKER_SLACK_MS = 500;

/** Serves until a signal ends it; resolves when serving has begun or has failed. */
export async function serve(flags: ServeFlags, signals: SignalQueue): Promise<void> {
  if (process.send !== undefined) {
    const { openChannel } = await import('../workers/channel.ts');
    const channel = openChannel();
    if (channel !== undefined) {
      const { serveAsWorker } = await import('./serve-worker.ts');
      serveAsWorker(flags, signals, channel);
      return;
    }
  }
  let daemon: Daemon | undefined;
  try {
    await endWithParent(process.env);
    const made = new Daemon(flags);
    daemon = made;
    await endSocketsFirst();
    const started = daemon.service.start();
    // Behind the start: signals that came before it are about what it begins.
    signals.handle((signal) => made.signal(signal));
    await started;
    daemon.writePidFile();
  } catch (error) {
    // Told to stop before it served: it is about to leave by itself, and as asked.
    if (daemon?.isStopping === true) return;
    process.stderr.write(`${messageOf(error)}\n`);
    daemon?.fail();
    endProcess(EXIT_FAILED);
  }
  daemon.watchFiles();
  reapOrphans();
  await daemon.offerNumbers();
}

function sourceOf(
  { conf, template, localAddresses, dnsPort }: ServeFlags,
  { log, metrics }: Voice,
): CorefileSource {
  if (template === undefined) return corefileSource(conf);
  return templateSource({ ...template, localAddresses, dnsPort, output: conf }, log, metrics);
}

/** The process that was started: what it is made of, and what a signal means to it. */
class Daemon {
  readonly service: Service;
  private readonly watch: ReloadWatch;
  /** Of what a template is made of. */
  private readonly directories: DirectoryWatch;
  private readonly follower: ServiceFollower | undefined;
  private readonly flags: ServeFlags;
  private readonly voice: Voice;
  /** The other processes; undefined, and not even loaded, as long as there have been none. */
  private workers: Supervisor | undefined;
  /** What is wrong with the Corefile, as far as it was said. */
  private warnings: ReadonlySet<string> = new Set();
  /** What was said of the reading of the Corefile. */
  private readonly warned = new Set<string>();
  private stopping = false;

  get isStopping(): boolean {
    return this.stopping;
  }

  constructor(flags: ServeFlags) {
    this.flags = flags;
    this.voice = makeVoice(flags, undefined);
    const { log, metrics } = this.voice;
    const source = sourceOf(flags, this.voice);
    this.service = new Service({
      read: () => readCorefile(source, (message) => this.warnOnce(message)),
      worker: 0,
      entered: (generation, blocks) => this.entered(generation, blocks),
      quiet: flags.quiet,
      udp: flags.udp,
      debug: flags.debug,
      http: new HttpServers(log),
      surroundings: {
        clock: SYSTEM_CLOCK,
        log,
        metrics,
        servers: new ServerRegistry(),
        presence: presenceIn(process.env, log),
        shared: new Map(),
        cacheOctets: flags.cacheOctets,
        defaultPort: flags.dnsPort,
        ...(flags.localAddresses.length > 0 && { defaultAddresses: flags.localAddresses }),
        lenient: source.lenient,
        opensPages: true,
        metricsPage: () => this.metricsPage(),
        alsoNotReady: () => this.lacking(),
      },
    });
    this.watch = new ReloadWatch(this.service, log);
    const look = (): void => this.watch.look();
    this.directories = new DirectoryWatch(source.directories, look);
    this.follower = followService(source, flags.template, this.service, look, log);
  }

  /** @throws Error that names the flag */
  writePidFile(): void {
    writePidFileInTime(this.flags.pidfile, this.voice.log);
  }

  /** Under `run` the guard's page shows them too. */
  async offerNumbers(): Promise<void> {
    const name = process.env[SERVE_NUMBERS_VARIABLE];
    if (name === undefined) return;
    const { offerNumbers } = await import('../observe/numbers-socket.ts');
    offerNumbers(name, () => this.numbers(), this.voice.log);
  }

  /** From now on what changes is taken over. */
  watchFiles(): void {
    if (this.stopping) return;
    this.watch.start();
    this.directories.start();
    this.follower?.start();
  }

  /** TERM and INT end with lameduck, QUIT without; a second INT ends at once; USR1 reloads; HUP is ignored, as CoreDNS does. */
  signal(name: SignalName): void {
    if (name === 'SIGUSR1' && !this.stopping) void this.reload();
    else if (name === 'SIGINT' && this.stopping) {
      this.voice.log.info('SIGINT: Force quit');
      this.leave(EXIT_FORCED);
    } else if (name !== 'SIGUSR1' && name !== 'SIGHUP' && !this.stopping) void this.stop(name);
  }

  /** What `/ready` waits for beside plugins: every worker. Before there is a configuration nobody knows how many that are. */
  private lacking(): readonly string[] {
    if (this.workers !== undefined) return this.workers.notReady();
    const { generation } = this.service;
    return generation === undefined || generation.workers > 1 ? ['serve'] : [];
  }

  private async entered(
    generation: Generation,
    blocks: Parameters<Supervisor['configure']>[0],
  ): Promise<void> {
    const { dnsPort, localAddresses } = this.flags;
    if (localAddresses.length > 0) tellOfAddresses(generation, localAddresses, dnsPort, this.voice.log);
    await this.configureWorkers(generation.workers, blocks);
    const { tellWarnings } = await import('./tell-warnings.ts');
    this.warnings = tellWarnings(blocks, generation, localAddresses, this.warnings, this.voice.log);
  }

  private async configureWorkers(
    count: number,
    blocks: Parameters<Supervisor['configure']>[0],
  ): Promise<void> {
    if (count === 1 && this.workers === undefined) return;
    this.workers ??= await this.loadWorkers();
    this.workers.configure(blocks, count);
  }

  private async loadWorkers(): Promise<Supervisor> {
    const [{ Supervisor: Made }, { startWorkerProcess }] = await Promise.all([
      import('../workers/supervisor.ts'),
      import('../workers/worker-process.ts'),
    ]);
    const { log, metrics, ring } = this.voice;
    ring.mostPerWrite = PIPE_BYTES_AT_ONCE;
    const flags = workerFlags(process.execArgv);
    return new Made({
      start: (number, events) => startWorkerProcess(number, events, flags),
      log: log.child('plugin/multisocket'),
      metrics,
    });
  }

  /** Of this process and of its workers. */
  private async numbers(): Promise<readonly FamilySnapshot[]> {
    const [others, { takeSnapshot }] = await Promise.all([
      this.workers?.numbers() ?? [],
      import('../observe/snapshot.ts'),
    ]);
    // Taken behind the others': whether they came in time is counted here.
    const own = takeSnapshot(this.voice.metrics);
    if (others.length === 0) return own;
    const { addSnapshots } = await import('../workers/add-snapshots.ts');
    // Ours comes first: where one stands for all, it is ours.
    return addSnapshots([own, ...others]);
  }

  private async metricsPage(): Promise<HttpAnswer> {
    const [{ exposeFamilies }, ours] = await Promise.all([
      import('../observe/exposition.ts'),
      this.numbers(),
    ]);
    const guardNumbers = process.env[GUARD_NUMBERS_VARIABLE];
    if (guardNumbers === undefined) return exposeFamilies(ours);
    const { withGuardNumbers } = await import('./guard-numbers.ts');
    return exposeFamilies(await withGuardNumbers(ours, guardNumbers));
  }

  /** The Corefile is read again and again, and is not told of each time. */
  private warnOnce(message: string): void {
    if (this.warned.has(message)) return;
    this.warned.add(message);
    this.voice.log.warn(message);
  }

  private async reload(): Promise<void> {
    const { log } = this.voice;
    log.info('SIGUSR1: Reloading');
    const error = await this.service.reload();
    if (error === undefined) log.info('Reloading complete');
    else log.error(`Restart failed: ${error.message}`);
    this.watch.restart();
  }

  private async stop(name: SignalName): Promise<void> {
    this.stopping = true;
    this.voice.log.info(`${name}: Shutting down servers then terminating`);
    this.watch.stop();
    this.directories.stop();
    this.follower?.stop();
    const lameduck = name !== 'SIGQUIT';
    await Promise.all([this.service.stop(this.flags.graceMs, lameduck), this.stopWorkers(lameduck)]);
    this.leave(0);
  }

  private async stopWorkers(lameduck: boolean): Promise<void> {
    const lameduckMs = lameduck ? (this.service.generation?.lameduckMs ?? 0) : 0;
    await this.workers?.stop(lameduck, lameduckMs + this.flags.graceMs + WORKER_SLACK_MS);
  }

  /** Ends the process, with what was said before the start failed: warnings often tell why. */
  fail(): never {
    return leave(this.voice.ring, EXIT_FAILED);
  }

  private leave(code: number): never {
    removePidFile(this.flags.pidfile);
    return leave(this.voice.ring, code);
  }
}
