/** The memory of a process over time, and whether it grows: the second half of the time is held against the first. Pure. */
import { median } from './statistics.ts';

export class MemorySeries {
  private readonly startMib: number;
  private readonly mib: number[] = [];
  private seconds = 0;
  private completed = 0;
  private lost = 0;
  private afterMib = Number.NaN;

  constructor(startMib: number) {
    this.startMib = startMib;
  }

  /** So many more questions were answered, and so many not. */
  asked(completed: number, lost: number): void {
    this.completed += completed;
    this.lost += lost;
  }

  /** Takes note of the memory so long after the beginning. @returns a line that says so */
  note(seconds: number, mib: number): string {
    this.seconds = seconds;
    this.mib.push(mib);
    return `  ${seconds} s: ${mib.toFixed(1)}, ${this.completed.toLocaleString('en-US')} answered`;
  }

  /** The memory when all is over. */
  after(mib: number): void {
    this.afterMib = mib;
  }

  summary(): string {
    const middle = this.mib.length >> 1;
    const halves = [this.mib.slice(0, middle), this.mib.slice(middle)].map((half) => median(half).toFixed(1));
    const [first, second] = halves;
    return [
      `${this.completed.toLocaleString('en-US')} answered in ${this.seconds} s, ${this.lost} lost`,
      `start ${this.startMib.toFixed(1)}, most ${Math.max(...this.mib).toFixed(1)}, ` +
        `first half ${first}, second half ${second}, after it ${this.afterMib.toFixed(1)}`,
    ].join('\n');
  }
}
