/**
 * The process that asks: queries at an even pace to the millisecond, each counted until it is answered or its time is over. It judges nothing;
 * `summary.ts` does. Started as `node generator.ts '{…LoadOptions}'` in the client's namespace; prints `sending`, and at its end one line of JSON.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Ledger } from './ledger.ts';
import { senderFor } from './senders.ts';
import type { LoadOptions, LoadTick } from './options.ts';

const PACE_MS = 1;
const TICK_MS = 1_000;

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const ledger = new Ledger();
const sender = senderFor(options, ledger);

/** Sends whatever is due at this moment: timers are late by a millisecond now and then, and the pace is kept all the same. */
function pace(): Promise<void> {
  const gapUs = 1_000_000 / options.rate;
  let round = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const nowUs = ledger.nowUs();
      while (round * gapUs <= nowUs && !(options.count > 0 && round >= options.count)) {
        for (let target = 0; target < options.targets.length; target++)
          sender.send(target, round, round * gapUs);
        round += 1;
      }
      if (options.count > 0 && round >= options.count) finish();
    }, PACE_MS);
    const finish = (): void => {
      clearInterval(timer);
      resolve();
    };
    void once(process, 'SIGTERM').then(finish);
  });
}

function tick(): void {
  const line: LoadTick = ledger.takeTick();
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

await sender.ready;
ledger.begin();
process.stdout.write('sending\n');
const ticks = options.ticks ? setInterval(tick, TICK_MS) : undefined;
await pace();
while (ledger.someAreWaiting()) await delay(10);
clearInterval(ticks);
process.stdout.write(`${JSON.stringify(ledger.result())}\n`, () => process.exit(0));
