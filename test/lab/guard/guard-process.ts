/**
 * The guard as a process of its own, without the command line: started by a test inside a namespace, with the addresses as arguments. Logs to
 * standard output, and each 50 ms a line of who is not ready, when that has changed. SIGTERM: disarm, take everything away, end; SIGINT: end
 * and leave everything.
 */
import { SYSTEM_CLOCK } from '../../../src/base/clock.ts';
import { Guard } from '../../../src/guard/guard.ts';
import { ManagedLink } from '../../../src/host/managed-link.ts';
import { openNftRules } from '../../../src/host/nft/open-nft-rules.ts';
import { runTool } from '../../../src/host/run-tool.ts';
import { createLog } from '../../../src/observe/log.ts';
import { openLogOutput } from '../../../src/observe/log-output.ts';
import { MetricRegistry } from '../../../src/observe/metrics.ts';
import { LogRing } from '../../../src/observe/ring.ts';

const [name = '', ...addresses] = process.argv.slice(2);
const plan = { addresses, dnsPort: 53, healthPort: undefined, leaseMs: 1_000 };
const log = createLog({ format: 'text', ring: new LogRing(openLogOutput(1)), debug: false });
const guard = new Guard({
  plan,
  link: new ManagedLink({ name, type: 'bridge', addresses }, runTool),
  rules: await openNftRules(plan, runTool),
  instance: undefined,
  probeIntervalMs: 250,
  clock: SYSTEM_CLOCK,
  log,
  metrics: new MetricRegistry(),
});

async function end(teardown: boolean): Promise<void> {
  if (teardown) await guard.disarm('SIGTERM');
  await guard.close({ teardown });
  setTimeout(() => process.exit(0), 50);
}
process.once('SIGTERM', () => void end(true));
process.once('SIGINT', () => void end(false));

await guard.start();
let last = '';
setInterval(() => {
  const text = `not ready: ${guard.notReady().length}`;
  if (text !== last) log.info(text);
  last = text;
}, 50);
