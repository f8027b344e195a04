/** Asks our own `/health` once a second and keeps the time it took (`coredns_health_request_duration_seconds`). */
import type { SetupContext } from '../../chain/plugin.ts';
import { formatHttpAddress } from '../../observe/http-address.ts';
import type { HttpAddress } from '../../observe/http-address.ts';
import { SLIM_TIME_BUCKETS } from '../../observe/buckets.ts';
import type { Counter, Histogram } from '../../observe/metric-types.ts';
import { http } from '../../observe/node-http.ts';

const INTERVAL_MS = 1_000;
/** A request that takes longer counts as failed. */
const TIMEOUT_MS = 3_000;
/** Longer than this is worth a line in the log. */
const SLOW_MS = 1_000;

export class SelfProbe {
  private readonly target: HttpAddress;
  private readonly context: SetupContext;
  private readonly duration: Histogram;
  private readonly failures: Counter;
  /** One kept connection, so that a probe costs a request and not a handshake. */
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** The last one failed, which was said. */
  private failing = false;

  constructor(target: HttpAddress, context: SetupContext) {
    // The wildcard address is asked at the loopback address.
    const host =
      target.host === '' || target.host === '0.0.0.0' || target.host === '::' ? '127.0.0.1' : target.host;
    this.target = { host, port: target.port };
    this.context = context;
    this.duration = context.metrics
      .histogram(
        'coredns_health_request_duration_seconds',
        'How long our own requests for /health took, in seconds.',
        [],
        SLIM_TIME_BUCKETS,
      )
      .with();
    this.failures = context.metrics
      .counter('coredns_health_request_failures_total', 'Own requests for /health that failed.')
      .with();
  }

  start(): void {
    this.timer = setInterval(() => this.probe(), INTERVAL_MS);
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.agent.destroy();
  }

  private probe(): void {
    const { clock, log } = this.context;
    const startedMs = clock.nowMs();
    const url = `http://${formatHttpAddress(this.target)}/health`;
    const request = http.get(
      { ...this.target, path: '/health', agent: this.agent, timeout: TIMEOUT_MS },
      (response) => {
        response.resume();
        response.on('end', () => {
          const tookMs = clock.nowMs() - startedMs;
          this.duration.observe(tookMs / 1000);
          this.succeeded(url);
          if (tookMs > SLOW_MS) {
            log.warn(`Local health request to "${url}" took more than 1s: ${Math.round(tookMs)}ms`);
          }
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', (error) => {
      if (this.stopped) return;
      this.failures.value++;
      // Each is counted; the log would get a line a second.
      if (!this.failing) log.warn(`Local health request to "${url}" failed: ${error.message}`);
      this.failing = true;
    });
  }

  private succeeded(url: string): void {
    if (this.failing) this.context.log.info(`Local health request to "${url}" succeeds again`);
    this.failing = false;
  }
}
