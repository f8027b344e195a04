/**
 * `npm run bench -- --guard`: what it costs to be guarded, as `run` does it: anonymous memory of the guard and of the `serve` below it, and the
 * guard's processor time while nothing happens, with the tools that it calls. In a network namespace of its own, so it needs root.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Namespace, requireLab } from '../lab/support/namespace.ts';
import { build } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { childPidWith } from '../support/child-pids.ts';
import { anonymousMib } from './footprint.ts';
import type { BenchOptions } from './options.ts';
import { lastOf } from './processes.ts';
import type { Program } from './processes.ts';
import { TICKS_PER_SECOND, parseStat } from './processor-time.ts';

const ENTRY = join(import.meta.dirname, '..', '..', 'dist', 'main.js');
const ADDRESSES = ['169.254.20.10', '10.96.0.10', 'fd00:a::10', 'fd00:b::10'] as const;
const COUNTS = [1, 2, 4] as const;
const COREFILE = '.:53 {\n  hosts {\n    192.0.2.1 a.test\n  }\n  prometheus :9253\n}\n';
const PAGE = 'http://127.0.0.1:9353/metrics';

const READY_MS = 20_000;
const LOOK_MS = 100;
/** Until the start's garbage is collected. */
const SETTLE_MS = 15_000;
const QUIET_SECONDS = 60;
const SCRAPES = 5;

/** @throws {Error} without root, without nft, and when nothing is intercepted in time */
export async function benchGuard(options: BenchOptions, workplace: Workplace): Promise<void> {
  const { available, reason } = requireLab('nft');
  if (!available) throw new Error(`--guard makes a network namespace with rules ${reason}`);
  if (options.build) build();
  const builds = [ENTRY, ...(options.baseline === undefined ? [] : [options.baseline])];
  for (const count of options.smoke ? [COUNTS[1]] : COUNTS) {
    for (const entry of builds) await measure(entry, ADDRESSES.slice(0, count), options.smoke, workplace);
  }
}

async function measure(
  entry: string,
  addresses: readonly string[],
  smoke: boolean,
  workplace: Workplace,
): Promise<void> {
  const host = makeHost();
  const guard = await startGuard(entry, addresses, host, workplace);
  const tell = (what: string): void =>
    void process.stdout.write(`${entry}, addresses: ${addresses.length}: ${what}\n`);
  const memory = (when: string): void => tell(`${anonymousMib(guard.pid).toFixed(1)} MiB ${when}`);
  try {
    memory('when the rules stand');
    await delay(smoke ? 0 : SETTLE_MS);
    const seconds = smoke ? 1 : QUIET_SECONDS;
    const before = ticksOf(guard.pid);
    await delay(seconds * 1000);
    const share = (ticksOf(guard.pid) - before) / TICKS_PER_SECOND / seconds;
    memory(`after ${seconds} s more`);
    for (let count = 0; count < SCRAPES; count++) scrape(host);
    memory(`after ${SCRAPES} scrapes`);
    tell(`${anonymousMib(childPidWith(guard.pid, 'serve')).toFixed(1)} MiB serve`);
    tell(`${(share * 100).toFixed(2)} % of a core over ${seconds} s`);
  } finally {
    guard.kill();
    await guard.ended;
    host.remove();
  }
}

/** With somewhere to send packets: a kernel without a route refuses them before any rule sees them. */
function makeHost(): Namespace {
  const host = Namespace.create('bench');
  host.run('ip', 'link', 'add', 'uplink', 'type', 'bridge');
  host.run('ip', 'address', 'add', '10.1.0.1/24', 'dev', 'uplink');
  host.run('ip', 'link', 'set', 'uplink', 'up');
  host.run('ip', 'route', 'add', 'default', 'via', '10.1.0.2');
  return host;
}

async function startGuard(
  entry: string,
  addresses: readonly string[],
  host: Namespace,
  { directory: parent, processes }: Workplace,
): Promise<Program> {
  const name = `guard-${addresses.length}-${host.name}`;
  const directory = join(parent, name);
  mkdirSync(directory);
  // For the user that serve runs as.
  for (const path of [parent, directory]) chmodSync(path, 0o755);
  const corefile = join(directory, 'Corefile');
  writeFileSync(corefile, COREFILE);
  const flags = ['-localip', addresses.join(','), '-conf', corefile];
  const command = [...host.prefix, process.execPath, entry, 'run', ...flags];
  const program = processes.start({
    name,
    command: [...command, '--interface-type=bridge', '--rules=nft'],
    directory,
  });
  const endMs = performance.now() + READY_MS;
  while (!program.output().includes('intercepting')) {
    if (program.ending === undefined && performance.now() < endMs) await delay(LOOK_MS);
    else throw new Error(`nothing is intercepted: ${program.ending ?? 'not in time'}\n${lastOf(program)}`);
  }
  return program;
}

/** Of the process and of the tools that it has called and seen end; not of `serve`, which it waits for to the last. */
const ticksOf = (pid: number): number => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).ticks;

function scrape(host: Namespace): void {
  host.run(process.execPath, '--input-type=module', '-e', `await (await fetch('${PAGE}')).text()`);
}
