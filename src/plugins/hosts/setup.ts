/** `hosts`: reads the directive and opens nothing; the file waits for the block's start. */
import { parseDuration } from '../../base/duration.ts';
import { parseInteger } from '../../base/integer.ts';
import { Fallthrough } from '../../chain/fallthrough.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';
import { onlyOnce, told, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { HostsHandler } from './hosts.ts';
import { HostsSource } from './hosts-source.ts';
import { parseIpAddress } from './ip-address.ts';
import { hostsMetrics } from './metrics.ts';

export const DEFAULT_FILE = '/etc/hosts';
export const DEFAULT_TTL_SECONDS = 3600;
/** 1 and this are the limits of `ttl`. */
export const MAX_TTL_SECONDS = 65_535;
export const DEFAULT_RELOAD_MS = 5_000;

/** What the block of the directive says. */
interface BlockOptions {
  ttlSeconds: number;
  reverse: boolean;
  reloadMs: number;
  fallthrough: Fallthrough | undefined;
  fallthroughUnsupported: boolean;
  readonly inline: string[];
}

export const hosts: Plugin = {
  name: 'hosts',
  setup(cursor, context): MakeHandler {
    cursor.next();
    const args = cursor.remainingArgs();
    const [path = DEFAULT_FILE, ...zoneArgs] = args;
    const named = args.length > 0;
    const zones = zonesFromArgs(zoneArgs, context);
    const block = readBlock(cursor, context);
    onlyOnce(cursor);

    const { reverse, reloadMs, ttlSeconds, fallthroughUnsupported } = block;
    const inline = block.inline.join('\n');
    const metrics = hostsMetrics(context.metrics);
    const source = new HostsSource({ path, named, zones, reverse, reloadMs, inline }, context.log, metrics);
    context.onStart(() => source.start());
    context.onStop(() => source.stop());
    const fallthrough = block.fallthrough ?? Fallthrough.NEVER;
    return (next) =>
      new HostsHandler(next, source, { zones, ttlSeconds, fallthrough, fallthroughUnsupported });
  },
};

function readBlock(cursor: Cursor, context: SetupContext): BlockOptions {
  const options: BlockOptions = {
    ttlSeconds: DEFAULT_TTL_SECONDS,
    reverse: true,
    reloadMs: DEFAULT_RELOAD_MS,
    fallthrough: undefined,
    fallthroughUnsupported: false,
    inline: [],
  };
  while (cursor.nextBlock()) readOption(cursor, options, context);
  if (options.fallthroughUnsupported && options.fallthrough === undefined) {
    throw cursor.error('fallthrough_unsupported requires fallthrough');
  }
  return options;
}

function readOption(cursor: Cursor, options: BlockOptions, context: SetupContext): void {
  switch (cursor.value) {
    case 'fallthrough':
      options.fallthrough = Fallthrough.fromArgs(cursor.remainingArgs());
      return;
    case 'fallthrough_unsupported':
      options.fallthroughUnsupported = true;
      return;
    case 'no_reverse':
      options.reverse = false;
      return;
    case 'ttl':
      options.ttlSeconds = readTtl(cursor);
      return;
    case 'reload':
      options.reloadMs = readReload(cursor);
      return;
    default:
      if (options.fallthrough !== undefined) throw unknownProperty(cursor);
      options.inline.push(readInline(cursor, context));
  }
}

function readTtl(cursor: Cursor): number {
  const [text] = cursor.remainingArgs();
  if (text === undefined) throw cursor.error('ttl needs a time in second');
  const seconds = told(
    cursor,
    () => parseInteger(text),
    () => 'ttl needs a number of second',
  );
  if (seconds <= 0 || seconds > MAX_TTL_SECONDS) throw cursor.error('ttl provided is invalid');
  return seconds;
}

function readReload(cursor: Cursor): number {
  const [text, ...rest] = cursor.remainingArgs();
  if (text === undefined || rest.length > 0) {
    throw cursor.error('reload needs a duration (zero seconds to disable)');
  }
  const ms = told(
    cursor,
    () => parseDuration(text),
    () => `invalid duration for reload '${text}'`,
  );
  if (ms < 0) throw cursor.error(`invalid negative duration for reload '${text}'`);
  return ms;
}

/** CoreDNS takes any line for an entry and says nothing when it is none, so a misspelt option is lost there. */
function readInline(cursor: Cursor, context: SetupContext): string {
  const { value, file, line } = cursor;
  const words = [value, ...cursor.remainingArgs()];
  if (parseIpAddress(value) === undefined || words.length < 2) {
    context.log.warn(`${file}:${line} is ignored: '${words.join(' ')}' is no entry ADDRESS NAME...`);
  }
  return words.join(' ');
}
