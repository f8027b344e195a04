/**
 * One timer for all that the guard does again and again: to be woken costs a process that sleeps more than what it then does. A pulse is a
 * whole part of the probes' interval, and no longer than a beat, the cheap look at the host.
 *
 *     probes each 250 ms, beats each 500 ms     pulse 250 ms: each one probes, each second one is a beat
 *     probes each 2 s, beats each 500 ms        pulse 500 ms: each one is a beat, each fourth one probes
 */

export interface PulseOptions {
  /** Milliseconds between two calls of `probe`. */
  readonly probeMs: number;
  /** Between two calls of `beat`, at most. */
  readonly beatMs: number;
  readonly probe: () => void;
  readonly beat: () => void;
}

export class Pulse {
  private readonly options: PulseOptions;
  /** Pulses from one call to the next. */
  private readonly perProbe: number;
  private readonly perBeat: number;
  private readonly pulseMs: number;
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(options: PulseOptions) {
    const { probeMs, beatMs } = options;
    this.options = options;
    this.perProbe = Math.ceil(probeMs / beatMs);
    this.pulseMs = Math.floor(probeMs / this.perProbe);
    this.perBeat = Math.floor(beatMs / this.pulseMs);
  }

  /** The first call of either comes after its time. */
  start(): void {
    this.timer = setInterval(() => this.pulse(), this.pulseMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private pulse(): void {
    this.count++;
    if (this.count % this.perProbe === 0) this.options.probe();
    if (this.count % this.perBeat === 0) this.options.beat();
  }
}
