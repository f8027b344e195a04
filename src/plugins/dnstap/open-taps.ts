/** Makes the taps of a block out of its `dnstap` lines, and opens their connections, or the place where readers connect. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { SetupContext } from '../../chain/plugin.ts';
import { dialer } from './dial.ts';
import type { TapOptions } from './options.ts';
import { QueryTap, Tap } from './query-tap.ts';
import { ReaderListener } from './reader-listener.ts';
import { TapOutput } from './tap-output.ts';
import { WallClock } from './wall-clock.ts';

export interface OpenTaps {
  readonly tap: QueryTap;
  /** Sends what waits, within about a second. Never rejects. */
  close(): Promise<void>;
}

type TapContext = Pick<SetupContext, 'clock' | 'log' | 'metrics' | 'processWide'>;

export function openTaps(lines: readonly TapOptions[], context: TapContext): OpenTaps {
  const { clock } = context;
  const nowMs = (): number => clock.nowMs();
  const outputs = lines.map((line) => outputFor(line, context, nowMs));
  const taps = lines.map((line, index) => {
    const names = { identity: line.identity ?? hostname(), version: line.version ?? ourVersion() };
    return new Tap({ ...line, ...names }, outputs[index]);
  });
  for (const output of outputs) output.open();
  return {
    tap: new QueryTap(taps, new WallClock(clock, Date.now), nowMs),
    async close() {
      await Promise.all(outputs.map((output) => output.close()));
    },
  };
}

function outputFor(
  line: TapOptions,
  { log, metrics, processWide }: TapContext,
  nowMs: () => number,
): TapOutput | ReaderListener {
  const help = 'Messages that were dropped since their reader was away or too slow.';
  const family = metrics.counter('nodelocaldns_dnstap_dropped_total', help, ['endpoint']);
  const shared = { log, dropped: family.with(line.label), nowMs };
  if (!line.listens) return new TapOutput(line, { ...shared, dial: dialer(line) });
  // Its key says all that it is made of but the private key, which changes with the certificate.
  const { label, writeBufferMiB, queueTenThousands, skipVerify, tls } = line;
  const certificates = [tls?.cert, tls?.ca].map((pem) => pem?.toString());
  const key = JSON.stringify([label, writeBufferMiB, queueTenThousands, skipVerify, certificates]);
  return processWide(`dnstap listen ${key}`, () => new ReaderListener(line, shared));
}

function ourVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  return `nodelocaldns-${(manifest as { version: string }).version}`;
}
