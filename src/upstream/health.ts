/**
 * Health checks of one upstream, as CoreDNS makes them: none as long as it answers; after a failed exchange one at once and then one each
 * interval until one succeeds. Counting failures, and what follows from the count, is the upstream's.
 */

export interface Probe {
  /** Whether the upstream answers. Does not reject. */
  run(): Promise<boolean>;
  close(): void;
}

export class HealthCheck {
  private readonly probe: Probe;
  private readonly intervalMs: number;
  private readonly onResult: (healthy: boolean) => void;
  private isRunning = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(probe: Probe, intervalMs: number, onResult: (healthy: boolean) => void) {
    this.probe = probe;
    this.intervalMs = intervalMs;
    this.onResult = onResult;
  }

  /** Begins to check, unless it is at it. */
  start(): void {
    if (this.isRunning || this.isClosed) return;
    this.isRunning = true;
    void this.check();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.probe.close();
  }

  private async check(): Promise<void> {
    const healthy = await this.probe.run();
    if (this.isClosed) return;
    this.isRunning = !healthy;
    this.onResult(healthy);
    if (!healthy) this.timer = setTimeout(() => void this.check(), this.intervalMs).unref();
  }
}
