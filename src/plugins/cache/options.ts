/**
 * What a `cache` directive says, and how it is read. Every default, bound and message is CoreDNS's, but for `serve_stale_except`, which
 * CoreDNS does not have.
 */
import { parseDuration } from '../../base/duration.ts';
import type { Zone } from '../../chain/identity.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import { namedZones, zonesFromArgs } from '../../chain/zones.ts';
import { durationArgument, integerArgument, onlyOnce, told } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';

/** Bounds of one of the two stores. */
export interface StoreOptions {
  /** Entries. */
  capacity: number;
  maxTtlSeconds: number;
  minTtlSeconds: number;
  /** Zones whose answers of this kind are not kept. */
  disabledZones: readonly Zone[];
}

export interface CacheOptions {
  zones: readonly Zone[];
  success: StoreOptions;
  denial: StoreOptions;
  servfailSeconds: number;
  keepTtl: boolean;
  /** undefined for not at all. */
  prefetch: PrefetchOptions | undefined;
  /** undefined for never. */
  stale: StaleOptions | undefined;
}

/** Which answers are asked for again before they expire. */
export interface PrefetchOptions {
  /** Those that were used so often, at least 1, */
  readonly amount: number;
  /** without a longer pause in between, */
  readonly gapSeconds: number;
  /** and of whose life no more than this is left, from 10 to 90. */
  readonly percentage: number;
}

/** How answers are given that have expired (RFC 8767). */
export interface StaleOptions {
  /** For so long after they have expired. */
  readonly keepSeconds: number;
  /** Whether the upstream is asked first. */
  readonly verifies: boolean;
  /** For how long a client waits for the upstream; 0 for as long as it takes. */
  readonly timeoutMs: number;
  readonly responseTtlSeconds: number;
  /** The least time between a refresh that failed and the next one. */
  readonly recheckMs: number;
  /** Whether a positive answer that has expired wins over a denial. */
  readonly prefersPositive: boolean;
  /** Zones whose answers are never given once they have expired. */
  readonly exceptZones: readonly Zone[];
}

export const DEFAULT_CAPACITY = 10_000;
/** CoreDNS divides a capacity among 256 shards of at least 4 entries. */
export const MIN_CAPACITY = 1_024;
export const DEFAULT_SUCCESS_TTL_SECONDS = 3_600;
export const DEFAULT_DENIAL_TTL_SECONDS = 1_800;
export const DEFAULT_MIN_TTL_SECONDS = 5;
export const DEFAULT_SERVFAIL_SECONDS = 5;
/** RFC 9520 section 3.2: a failure is remembered for five minutes at most. */
export const MAX_SERVFAIL_MS = 5 * 60_000;
export const DEFAULT_PREFETCH_GAP_MS = 60_000;
export const DEFAULT_PREFETCH_PERCENTAGE = 10;
export const DEFAULT_STALE_MS = 3_600_000;
/** RFC 8767 section 5: the client response timer. CoreDNS waits for the upstream to fail unless told otherwise. */
export const DEFAULT_VERIFY_TIMEOUT_MS = 1_800;
/** RFC 8767 section 4. CoreDNS answers 0 unless told otherwise. */
export const DEFAULT_RESPONSE_TTL_MS = 30_000;
/** RFC 8767 section 5: the failure recheck timer. */
export const DEFAULT_RECHECK_MS = 30_000;

const storeDefaults = (maxTtlSeconds: number): StoreOptions => ({
  capacity: DEFAULT_CAPACITY,
  maxTtlSeconds,
  minTtlSeconds: DEFAULT_MIN_TTL_SECONDS,
  disabledZones: [],
});

export function readCacheOptions(cursor: Cursor, context: SetupContext): CacheOptions {
  const options: CacheOptionsRead = {
    zones: context.zones,
    success: storeDefaults(DEFAULT_SUCCESS_TTL_SECONDS),
    denial: storeDefaults(DEFAULT_DENIAL_TTL_SECONDS),
    servfailSeconds: DEFAULT_SERVFAIL_SECONDS,
    keepTtl: false,
    prefetch: undefined,
    stale: undefined,
    staleLine: undefined,
    prefersPositive: false,
    exceptZones: [],
  };
  cursor.next();
  readArguments(cursor, context, options);
  while (cursor.nextBlock()) readOption(cursor, context, options);
  onlyOnce(cursor);
  const { staleLine, prefersPositive, exceptZones, ...read } = options;
  if (prefersPositive && staleLine === undefined) {
    throw cursor.error('serve_stale_policy requires serve_stale');
  }
  if (exceptZones.length > 0 && staleLine === undefined) {
    throw cursor.error('serve_stale_except requires serve_stale');
  }
  // A duration of 0 is how CoreDNS is told not to.
  const servesStale = staleLine !== undefined && staleLine.keepSeconds > 0;
  return { ...read, stale: servesStale ? { ...staleLine, prefersPositive, exceptZones } : undefined };
}

/** What is read of the block so far: several lines, in any order, tell how stale answers are given. */
interface CacheOptionsRead extends CacheOptions {
  staleLine: Omit<StaleOptions, 'prefersPositive' | 'exceptZones'> | undefined;
  prefersPositive: boolean;
  exceptZones: readonly Zone[];
}

/** `cache [TTL] [ZONES...]` */
function readArguments(cursor: Cursor, context: SetupContext, options: CacheOptionsRead): void {
  const args = cursor.remainingArgs();
  if (args[0] !== undefined && isInteger(args[0])) {
    const ttlSeconds = integerArgument(cursor, args[0]);
    if (ttlSeconds <= 0) throw cursor.error(`cache TTL can not be zero or negative: ${ttlSeconds}`);
    options.success.maxTtlSeconds = ttlSeconds;
    options.denial.maxTtlSeconds = ttlSeconds;
    args.shift();
  }
  options.zones = zonesFromArgs(args, context);
}

type ReadOption = (cursor: Cursor, args: string[], options: CacheOptionsRead, context: SetupContext) => void;

const OPTIONS: Readonly<Record<string, ReadOption>> = {
  success: (cursor, args, options) => readStore(cursor, args, options.success),
  denial: (cursor, args, options) => readStore(cursor, args, options.denial),
  servfail: readServfail,
  disable: readDisable,
  prefetch: readPrefetch,
  serve_stale: readServeStale,
  serve_stale_policy: readServeStalePolicy,
  serve_stale_except: readServeStaleExcept,
  keepttl(cursor, args, options) {
    if (args.length > 0) throw cursor.argError();
    options.keepTtl = true;
  },
};

function readOption(cursor: Cursor, context: SetupContext, options: CacheOptionsRead): void {
  const read = Object.hasOwn(OPTIONS, cursor.value) ? OPTIONS[cursor.value] : undefined;
  if (read === undefined) throw cursor.argError();
  read(cursor, cursor.remainingArgs(), options, context);
}

/** `success|denial CAPACITY [TTL] [MINTTL]` */
function readStore(cursor: Cursor, args: string[], store: StoreOptions): void {
  if (args[0] === undefined) throw cursor.argError();
  store.capacity = Math.max(MIN_CAPACITY, integerArgument(cursor, args[0]));
  if (args[1] !== undefined) {
    const ttlSeconds = integerArgument(cursor, args[1]);
    if (ttlSeconds <= 0) throw cursor.error(`cache TTL can not be zero or negative: ${ttlSeconds}`);
    store.maxTtlSeconds = ttlSeconds;
  }
  if (args[2] !== undefined) {
    const minTtlSeconds = integerArgument(cursor, args[2]);
    if (minTtlSeconds < 0) throw cursor.error(`cache min TTL can not be negative: ${minTtlSeconds}`);
    store.minTtlSeconds = minTtlSeconds;
  }
}

/** `servfail DURATION` */
function readServfail(cursor: Cursor, args: string[], options: CacheOptions): void {
  if (args.length !== 1) throw cursor.argError();
  const ms = durationArgument(cursor, args[0]);
  if (ms < 0) throw cursor.error('invalid negative ttl for servfail');
  if (ms > MAX_SERVFAIL_MS) throw cursor.error('caching SERVFAIL responses over 5 minutes is not permitted');
  options.servfailSeconds = ms / 1000;
}

/** `disable success|denial [ZONES...]` */
function readDisable(cursor: Cursor, args: string[], options: CacheOptions, context: SetupContext): void {
  const [kind, ...zones] = args;
  if (kind === undefined) throw cursor.argError();
  if (kind !== 'success' && kind !== 'denial') {
    throw cursor.error('cache type for disable must be "success" or "denial"');
  }
  options[kind].disabledZones = zones.length === 0 ? options.zones : zonesFromArgs(zones, context);
}

/** `prefetch AMOUNT [DURATION [PERCENTAGE%]]` */
function readPrefetch(cursor: Cursor, args: string[], options: CacheOptions): void {
  if (args.length === 0 || args.length > 3) throw cursor.argError();
  const amount = integerArgument(cursor, args[0]);
  if (amount < 0) throw cursor.error(`prefetch amount should be positive: ${amount}`);
  const gapMs = args[1] === undefined ? DEFAULT_PREFETCH_GAP_MS : durationArgument(cursor, args[1]);
  let percentage = DEFAULT_PREFETCH_PERCENTAGE;
  if (args[2] !== undefined) {
    if (!args[2].endsWith('%')) {
      throw cursor.error(`last character of percentage should be \`%\`, but is: '${args[2].at(-1)}'`);
    }
    percentage = integerArgument(cursor, args[2].slice(0, -1));
    if (percentage < 10 || percentage > 90) {
      throw cursor.error(`percentage should fall in range [10, 90]: ${percentage}`);
    }
  }
  options.prefetch = amount === 0 ? undefined : { amount, gapSeconds: gapMs / 1000, percentage };
}

/** `serve_stale [DURATION [immediate [RESPONSE_TTL [RECHECK]] | verify [TIMEOUT [RESPONSE_TTL [RECHECK]]]]]` */
function readServeStale(cursor: Cursor, args: string[], options: CacheOptionsRead): void {
  const [keep, mode, ...rest] = args;
  const keepMs = keep === undefined ? DEFAULT_STALE_MS : durationArgument(cursor, keep);
  if (keepMs < 0) throw cursor.error('invalid negative duration for serve_stale');
  const lowered = mode?.toLowerCase();
  if (lowered !== undefined && lowered !== 'immediate' && lowered !== 'verify') {
    throw cursor.error(`invalid value for serve_stale refresh mode: ${mode}`);
  }
  const verifies = lowered === 'verify';
  const timeoutMs = verifies ? readTimeout(cursor, rest.shift()) : 0;
  if (rest.length > 2) throw cursor.argError();
  const responseTtlMs =
    rest[0] === undefined ? DEFAULT_RESPONSE_TTL_MS : durationFor(cursor, rest[0], 'response TTL');
  checkResponseTtl(cursor, responseTtlMs);
  const recheckMs =
    rest[1] === undefined ? DEFAULT_RECHECK_MS : durationFor(cursor, rest[1], 'failure recheck');
  checkRecheck(cursor, recheckMs);
  options.staleLine = {
    keepSeconds: keepMs / 1000,
    verifies,
    timeoutMs,
    responseTtlSeconds: responseTtlMs / 1000,
    recheckMs,
  };
}

function readTimeout(cursor: Cursor, text: string | undefined): number {
  if (text === undefined) return DEFAULT_VERIFY_TIMEOUT_MS;
  const timeoutMs = durationFor(cursor, text, 'verify timeout');
  if (timeoutMs < 0) throw cursor.error('invalid negative timeout for serve_stale verify');
  return timeoutMs;
}

function checkResponseTtl(cursor: Cursor, ms: number): void {
  if (ms < 0) throw cursor.error('invalid negative response TTL for serve_stale');
  if (ms % 1000 !== 0) throw cursor.error('serve_stale response TTL must be a whole number of seconds');
  if (ms / 1000 > 0xffff_ffff) throw cursor.error('serve_stale response TTL exceeds the DNS TTL range');
}

function checkRecheck(cursor: Cursor, ms: number): void {
  if (ms < 0) throw cursor.error('invalid negative failure recheck for serve_stale');
  if (ms > MAX_SERVFAIL_MS) throw cursor.error('serve_stale failure recheck cannot exceed 5 minutes');
}

/** `serve_stale_policy prefer_positive` */
function readServeStalePolicy(cursor: Cursor, args: string[], options: CacheOptionsRead): void {
  if (options.prefersPositive) throw cursor.error('serve_stale_policy can only be specified once');
  if (args.length !== 1) throw cursor.argError();
  if (args[0] !== 'prefer_positive') throw cursor.error(`invalid serve_stale_policy: ${args[0]}`);
  options.prefersPositive = true;
}

/**
 * `serve_stale_except ZONES...`, several lines of which add up. Without zones it would mean all of them, as with `disable`, and undo
 * `serve_stale`; so it has to name some.
 */
function readServeStaleExcept(cursor: Cursor, args: string[], options: CacheOptionsRead): void {
  if (args.length === 0) throw cursor.argError();
  options.exceptZones = [...options.exceptZones, ...namedZones(args)];
}

const isInteger = (text: string): boolean => /^[+-]?\d+$/.test(text);

function durationFor(cursor: Cursor, text: string, what: string): number {
  return told(
    cursor,
    () => parseDuration(text),
    (reason) => `invalid serve_stale ${what}: ${reason}`,
  );
}
