/**
 * `serve` as one of several: answers on the ports that the first process has, with the configuration that it is given, and shows no pages.
 * Everything it decides by itself is to end: when it cannot follow, when it is told to, and when the first process is gone.
 */
import { SYSTEM_CLOCK } from '../base/clock.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { messageOf } from '../base/error-message.ts';
import { HttpServers } from '../observe/http.ts';
import { PIPE_BYTES_AT_ONCE } from '../observe/ring.ts';
import { takeSnapshot } from '../observe/snapshot.ts';
import { notReady } from '../serve/context.ts';
import { presenceIn } from '../serve/presence.ts';
import { ServerRegistry } from '../serve/server-registry.ts';
import { Service } from '../serve/service.ts';
import type { Channel } from '../workers/channel.ts';
import type { FromWorker, ToWorker } from '../workers/messages.ts';
import { EXIT_FAILED, EXIT_FORCED, leave, makeVoice } from './serve-flags.ts';
import type { ServeFlags, Voice } from './serve-flags.ts';
import type { SignalName, SignalQueue } from './signals.ts';
import { endSocketsFirst } from './sockets-end-first.ts';

/** The first process may be busy; its worker's last numbers are not worth a longer wait. */
const LAST_NUMBERS_MS = 500;

/** Serves from the first message on. */
export function serveAsWorker(flags: ServeFlags, signals: SignalQueue, channel: Channel): void {
  const worker = new WorkerDaemon(flags, channel);
  channel.listen(
    (message) => worker.told(message),
    () => worker.orphaned(),
  );
  signals.handle((signal) => worker.signal(signal));
}

class WorkerDaemon {
  private readonly flags: ServeFlags;
  private readonly channel: Channel;
  private readonly voice: Voice;
  private readonly service: Service;
  /** What the first process gave us last. */
  private blocks: ServerBlock[] | undefined;
  private stopping = false;

  constructor(flags: ServeFlags, channel: Channel) {
    this.flags = flags;
    this.channel = channel;
    this.voice = makeVoice(flags, channel.number);
    const { log, metrics, ring } = this.voice;
    ring.mostPerWrite = PIPE_BYTES_AT_ONCE;
    this.service = new Service({
      read: () => this.blocks ?? [],
      worker: channel.number,
      entered: () => undefined,
      quiet: true,
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
        lenient: flags.conf === undefined && flags.template === undefined,
        opensPages: false,
        metricsPage: () => Promise.reject(new Error('the first process shows the metrics of all')),
        alsoNotReady: () => [],
      },
    });
  }

  told(message: ToWorker): void {
    switch (message.kind) {
      case 'configure':
        void this.configure([...message.blocks]);
        break;
      case 'ask':
        this.channel.tell(this.numbers());
        break;
      case 'stop':
        void this.stop(message.lameduck, 0);
        break;
    }
  }

  /** TERM and QUIT end this worker alone, after what it was asked. INT comes from a terminal to the first process too, which decides. */
  signal(name: SignalName): void {
    if (name === 'SIGTERM' || name === 'SIGQUIT') void this.stop(false, 0);
  }

  orphaned(): void {
    leave(this.voice.ring, EXIT_FORCED);
  }

  private async configure(blocks: ServerBlock[]): Promise<void> {
    const isFirst = this.blocks === undefined;
    this.blocks = blocks;
    const error = isFirst ? await this.start() : await this.service.reload();
    if (error === undefined) {
      this.channel.tell({ kind: 'serving' });
      return;
    }
    this.channel.tell({ kind: 'refused', reason: error.message });
    await this.stop(false, EXIT_FAILED);
  }

  private async start(): Promise<Error | undefined> {
    try {
      await endSocketsFirst();
      await this.service.start();
      return undefined;
    } catch (error) {
      return new Error(messageOf(error), { cause: error });
    }
  }

  private async stop(lameduck: boolean, code: number): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    await this.service.stop(this.flags.graceMs, lameduck);
    await this.channel.tellAndWait(this.numbers(), LAST_NUMBERS_MS);
    leave(this.voice.ring, code);
  }

  private numbers(): FromWorker {
    const { generation } = this.service;
    return {
      kind: 'numbers',
      families: takeSnapshot(this.voice.metrics),
      notReady: generation === undefined ? [] : notReady(generation),
    };
  }
}
