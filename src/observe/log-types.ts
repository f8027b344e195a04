/** What the rooms know of logging; `log.ts` implements it. */
export interface Log {
  /** Whether debug lines come out, for callers that would have to build them first. */
  readonly debugEnabled: boolean;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** The same log, each message prefixed by `prefix: `, such as `plugin/forward`. */
  child(prefix: string): Log;
  /** One finished line of the query log, at level info: costs one append, never blocks. */
  line(text: string): void;
}
