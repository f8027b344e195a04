/**
 * Where `src` may look at the wall clock. It jumps: by NTP, by hand, when a virtual machine wakes up. So whatever is measured or expires
 * goes by the monotonic clock (`performance.now`, Node's timers, `base/clock.ts`), and each other use stands here with its reason.
 */

export interface WallClockUse {
  /** Below `src`. */
  readonly file: string;
  /** The line, without the space around it. */
  readonly line: string;
  readonly because: string;
}

export const WALL_CLOCK_USES: readonly WallClockUse[] = [
  {
    file: 'observe/json-log.ts',
    line: "return JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg: lossMessage(lines) });",
    because: 'the time of day of a log line, as in those beside it',
  },
  {
    file: 'observe/numbers-file.ts',
    line: 'found.isFile() && found.size <= MOST_NUMBERS_OCTETS && Date.now() - found.mtimeMs <= maxAgeMs;',
    because:
      "a file's age: file systems know wall time only; a jump costs the guard's numbers until the next write",
  },
  {
    file: 'cli/runtime-directory.ts',
    line: 'if (Date.now() - lstatSync(path).mtimeMs > LEFT_BEHIND_MS) removeRuntimeDirectory(path);',
    because: "a directory's age, looked at once, when a process starts",
  },
  {
    file: 'plugins/dnstap/open-taps.ts',
    line: 'tap: new QueryTap(taps, new WallClock(clock, Date.now), nowMs),',
    because: 'dnstap messages carry the time of day; nothing is measured by it',
  },
];

/** Any way to ask it: `Date` as a function, a constructor or `Date.now`, and Node's start as Unix time. */
const WALL_CLOCK = /\bDate\s*\.\s*now\b|\bDate\s*\(|\bnew\s+Date\b|\bDate\s*\[|=\s*Date\b|\bTemporal\b/;
const COMMENT = /^\s*(?:\/\/|\/?\*)/;

/** Lines of this text that look at the wall clock, without the space around them. */
export const wallClockLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => !COMMENT.test(line) && WALL_CLOCK.test(line))
    .map((line) => line.trim());
