/** `loadbalance`: reads the directive; a file of weights waits for the block's start. */
import { parseDuration } from '../../base/duration.ts';
import { goQuote } from '../../base/go-quote.ts';
import { ipNetworkFromText } from '../../base/ip-network.ts';
import type { IpNetwork } from '../../base/ip-network.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { told, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { TYPE_A, TYPE_AAAA, TYPE_SRV } from '../../wire/registry.ts';
import { LentReply } from './arranged-reply.ts';
import { LoadBalanceHandler } from './loadbalance.ts';
import type { LoadBalanceOptions } from './loadbalance.ts';
import { preferring, shuffled, weighted } from './policies.ts';
import { WeightFile } from './weight-file.ts';

export const DEFAULT_RELOAD_MS = 30_000;
/** Questions whose answers weights are for. */
const WEIGHTED_TYPES: ReadonlySet<number> = new Set([TYPE_A, TYPE_AAAA, TYPE_SRV]);

/** What the lines of the directive say together: of policies the last one, of networks all. */
interface Lines {
  weightFile: string | undefined;
  reloadMs: number;
  readonly preferred: IpNetwork[];
}

export const loadbalance: Plugin = {
  name: 'loadbalance',
  setup(cursor, context): MakeHandler {
    const lines: Lines = { weightFile: undefined, reloadMs: DEFAULT_RELOAD_MS, preferred: [] };
    while (cursor.next()) readLine(cursor, lines);
    const options = optionsOf(lines, context);
    const lent = context.processWide('loadbalance reply', () => new LentReply());
    return (next) => new LoadBalanceHandler(next, options, lent);
  },
};

function readLine(cursor: Cursor, lines: Lines): void {
  const [policy = 'round_robin', ...rest] = cursor.remainingArgs();
  if (policy === 'round_robin') {
    if (rest.length > 0) throw cursor.error(`unknown property for ${policy}`);
    lines.weightFile = undefined;
  } else if (policy === 'weighted') {
    if (rest.length === 0) throw cursor.error('missing weight file argument');
    if (rest.length > 1) throw cursor.error('unexpected argument(s)');
    [lines.weightFile] = rest;
  } else {
    throw new RangeError(`unknown policy: ${policy}`);
  }
  while (cursor.nextBlock()) readOption(cursor, lines);
}

function readOption(cursor: Cursor, lines: Lines): void {
  const property: string = cursor.value;
  if (property === 'prefer') lines.preferred.push(...readNetworks(cursor));
  else if (property === 'reload' && lines.weightFile !== undefined) lines.reloadMs = readReload(cursor);
  else throw unknownProperty(cursor);
}

function readNetworks(cursor: Cursor): IpNetwork[] {
  return cursor.remainingArgs().map((text) =>
    told(
      cursor,
      () => ipNetworkFromText(text),
      (reason) => `invalid CIDR ${goQuote(text)}: ${reason}`,
    ),
  );
}

function readReload(cursor: Cursor): number {
  const [text, ...rest] = cursor.remainingArgs();
  if (text === undefined) throw cursor.error('reload duration value is missing');
  if (rest.length > 0) throw cursor.error('unexpected argument');
  const invalid = `invalid reload duration '${text}'`;
  const ms = told(
    cursor,
    () => parseDuration(text),
    () => invalid,
  );
  if (ms < 0) throw cursor.error(invalid);
  return ms;
}

function optionsOf({ weightFile, reloadMs, preferred }: Lines, context: SetupContext): LoadBalanceOptions {
  const { random } = Math;
  const preference = preferred.length > 0 ? [preferring(preferred)] : [];
  if (weightFile === undefined) {
    return { policies: [shuffled(random), ...preference], exchangers: random, types: undefined };
  }
  const file = new WeightFile(weightFile, reloadMs, context.log);
  context.onStart(() => file.start());
  context.onStop(() => file.stop());
  const first = weighted(() => file.weights, random);
  return { policies: [first, ...preference], exchangers: undefined, types: WEIGHTED_TYPES };
}
