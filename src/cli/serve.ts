/** `serve`: the data path as a process, with its signals. */
import { rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/error-message.ts';
import { SYSTEM_CLOCK } from '../base/clock.ts';
import { setBuildInfo } from '../observe/build-info.ts';
import { HttpServers } from '../observe/http.ts';
import type { UdpMode } from '../listen/udp.ts';
import { countDroppedLines } from '../observe/log-metrics.ts';
import { openLogOutput } from '../observe/log-output.ts';
import { createLog } from '../observe/log.ts';
import type { LogFormat, RootLog } from '../observe/log.ts';
import { MetricRegistry } from '../observe/metrics.ts';
import { LogRing } from '../observe/ring.ts';
import { corefileSource } from '../serve/corefile-source.ts';
import { ReloadWatch } from '../serve/reload-watch.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { Service } from '../serve/service.ts';
import type { SignalName, SignalQueue } from './signals.ts';

export interface ServeFlags {
  readonly conf: string | undefined;
  readonly dnsPort: number;
  readonly logFormat: LogFormat;
  readonly udp: UdpMode;
  readonly debug: boolean;
  readonly quiet: boolean;
  readonly pidfile: string | undefined;
  readonly graceMs: number;
  readonly version: string;
}

const STDOUT = 1;
const EXIT_FAILED = 1;
const EXIT_FORCED = 2;
/** Last log lines may take this long to leave; then they are given up rather than the exit. */
const LAST_LINES_MS = 500;

/** Serves until a signal ends it; resolves when serving has begun or has failed. */
export async function serve(flags: ServeFlags, signals: SignalQueue): Promise<void> {
  let daemon: Daemon;
  try {
    daemon = makeDaemon(flags);
    const started = daemon.service.start();
    // Behind the start: signals that came before it are about what it begins.
    signals.handle((signal) => daemon.signal(signal));
    await started;
    if (flags.pidfile !== undefined) writeFileSync(flags.pidfile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(EXIT_FAILED);
  }
  daemon.watch.start();
}

interface Daemon {
  readonly service: Service;
  readonly watch: ReloadWatch;
  signal(name: SignalName): void;
}

function makeDaemon(flags: ServeFlags): Daemon {
  const ring = new LogRing(openLogOutput(STDOUT));
  const log = createLog({ format: flags.logFormat, ring, debug: flags.debug });
  const metrics = new MetricRegistry();
  countDroppedLines(metrics, ring);
  setBuildInfo(metrics, flags.version, '');
  const source = corefileSource(flags.conf);
  const service = new Service({
    source,
    quiet: flags.quiet,
    udp: flags.udp,
    debug: flags.debug,
    http: new HttpServers(log),
    surroundings: {
      clock: SYSTEM_CLOCK,
      log,
      metrics,
      servers: new ServerRegistry(),
      defaultPort: flags.dnsPort,
      lenient: source.lenient,
      metricsPage: async () => (await import('../observe/exposition.ts')).expose(metrics),
    },
  });
  const watch = new ReloadWatch(service, log);
  const leave = (code: number): never => {
    if (flags.pidfile !== undefined) rmSync(flags.pidfile, { force: true });
    ring.flushSync(LAST_LINES_MS);
    process.exit(code);
  };
  return { service, watch, signal: signalHandler(service, watch, log, flags.graceMs, leave) };
}

/**
 * TERM and INT end with lameduck, QUIT without; a second INT ends at once; USR1 reloads; HUP is ignored, as CoreDNS does.
 */
function signalHandler(
  service: Service,
  watch: ReloadWatch,
  log: RootLog,
  graceMs: number,
  leave: (code: number) => never,
): (name: SignalName) => void {
  let stopping = false;
  const stop = async (name: SignalName): Promise<void> => {
    stopping = true;
    log.info(`${name}: Shutting down servers then terminating`);
    watch.stop();
    await service.stop(graceMs, name !== 'SIGQUIT');
    leave(0);
  };
  const reload = async (): Promise<void> => {
    log.info('SIGUSR1: Reloading');
    const error = await service.reload();
    if (error === undefined) log.info('Reloading complete');
    else log.error(`Restart failed: ${error.message}`);
    watch.restart();
  };
  return (name) => {
    if (name === 'SIGUSR1' && !stopping) void reload();
    else if (name === 'SIGINT' && stopping) {
      log.info('SIGINT: Force quit');
      leave(EXIT_FORCED);
    } else if (name !== 'SIGUSR1' && name !== 'SIGHUP' && !stopping) void stop(name);
  };
}
