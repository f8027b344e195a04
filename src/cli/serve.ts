/** `serve`: the data path as a process, with its signals; with `multisocket`, the first of several processes. */
import { messageOf } from '../base/error-message.ts';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import { HttpServers } from '../observe/http.ts';
import { PIPE_BYTES_AT_ONCE } from '../observe/ring.ts';
import { DirectoryWatch } from '../pillar/files/directory-watch.ts';
import { corefileSource, readCorefile, templateSource } from '../serve/corefile-source.ts';
import type { CorefileSource } from '../serve/corefile-source.ts';
import type { Generation } from '../serve/generation.ts';
import { tellOfAddresses } from '../serve/intercepted-addresses.ts';
import { ReloadWatch } from '../serve/reload-watch.ts';
import { presenceIn } from '../serve/presence.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { Service } from '../serve/service.ts';
import type { Supervisor } from '../workers/supervisor.ts';
import { GUARD_NUMBERS_VARIABLE } from './child-environment.ts';
import { endWithParent } from './end-with-parent.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { EXIT_FAILED, EXIT_FORCED, leave, makeVoice } from './serve-flags.ts';
import type { ServeFlags, Voice } from './serve-flags.ts';
import type { SignalName, SignalQueue } from './signals.ts';

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
    const started = daemon.service.start();
    // Behind the start: signals that came before it are about what it begins.
    signals.handle((signal) => made.signal(signal));
    await started;
    writePidFile(flags.pidfile);
  } catch (error) {
    // Told to stop before it served: it is about to leave by itself, and as asked.
    if (daemon?.isStopping === true) return;
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(EXIT_FAILED);
  }
  daemon.watchFiles();
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
  private readonly flags: ServeFlags;
  private readonly voice: Voice;
  /** The other processes; undefined, and not even loaded, as long as there have been none. */
  private workers: Supervisor | undefined;
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
      read: () => readCorefile(source, (message) => log.warn(message)),
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
    this.directories = new DirectoryWatch(source.directories, () => this.watch.look());
  }

  /** From now on what changes is taken over. */
  watchFiles(): void {
    if (this.stopping) return;
    this.watch.start();
    this.directories.start();
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
    return new Made({ start: startWorkerProcess, log: log.child('plugin/multisocket'), metrics });
  }

  private async metricsPage(): ReturnType<typeof import('../observe/exposition.ts').expose> {
    const { metrics } = this.voice;
    const guardNumbers = process.env[GUARD_NUMBERS_VARIABLE];
    const { expose, exposeFamilies } = await import('../observe/exposition.ts');
    if (this.workers === undefined && guardNumbers === undefined) return expose(metrics);
    const [others, { addSnapshots }, { takeSnapshot }] = await Promise.all([
      this.workers?.numbers() ?? [],
      import('../workers/add-snapshots.ts'),
      import('../observe/snapshot.ts'),
    ]);
    // Ours comes first: where one stands for all, it is ours.
    const ours = addSnapshots([takeSnapshot(metrics), ...others]);
    if (guardNumbers === undefined) return exposeFamilies(ours);
    const { withGuardNumbers } = await import('./guard-numbers.ts');
    return exposeFamilies(await withGuardNumbers(ours, guardNumbers));
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
    const lameduck = name !== 'SIGQUIT';
    await Promise.all([this.service.stop(this.flags.graceMs, lameduck), this.stopWorkers(lameduck)]);
    this.leave(0);
  }

  private async stopWorkers(lameduck: boolean): Promise<void> {
    const lameduckMs = lameduck ? (this.service.generation?.lameduckMs ?? 0) : 0;
    await this.workers?.stop(lameduck, lameduckMs + this.flags.graceMs + WORKER_SLACK_MS);
  }

  private leave(code: number): never {
    removePidFile(this.flags.pidfile);
    return leave(this.voice.ring, code);
  }
}
