/** Tells of transitions: counted one by one; in the log one line for all addresses that went the same way at about the same time. */
import type { Log } from '../observe/log-types.ts';
import type { Counter, Family } from '../observe/metric-types.ts';
import { REASONS } from './lease.ts';
import type { Transition } from './lease.ts';

/** Addresses are probed one after the other, and so know a little one after the other. */
const JOIN_MS = 50;

interface Line {
  readonly transition: Transition;
  readonly text: string;
  readonly addresses: string[];
}

export class Journal {
  private readonly log: Log;
  private readonly transitions: Family<Counter>;
  private readonly lines: Line[] = [];
  /** By address: why it is in its state, in words. */
  private readonly whys = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;

  /** @param transitions counters by address, state and reason */
  constructor(log: Log, transitions: Family<Counter>) {
    this.log = log;
    this.transitions = transitions;
  }

  /** @param details what is known beyond the reason */
  add(transition: Transition | undefined, details = ''): void {
    if (transition === undefined) return;
    const { address, to, reason } = transition;
    this.transitions.with(address, to, reason).value++;
    const why = details === '' ? REASONS[reason] : `${REASONS[reason]}: ${details}`;
    this.whys.set(address, why);
    const text = `${to}: ${why}`;
    const line = this.lines.find((known) => known.text === text);
    if (line === undefined) this.lines.push({ transition, text, addresses: [address] });
    else if (!line.addresses.includes(address)) line.addresses.push(address);
    this.timer ??= setTimeout(() => this.flush(), JOIN_MS);
  }

  /** Why the address is in its state. */
  why(address: string): string {
    return this.whys.get(address) ?? 'not begun';
  }

  /** Writes what is to be written at once. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { transition, text, addresses } of this.lines.splice(0)) {
      const isBad = transition.to === 'fallback' && transition.reason !== 'stop';
      const line = `${addresses.join(', ')}: ${text}`;
      if (isBad) this.log.warn(line);
      else this.log.info(line);
    }
  }
}
