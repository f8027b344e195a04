/**
 * `npm run lab`: the lab for a person. Builds it, starts `run` on its node, asks 100 queries per second from a pod and from the host, and says
 * each second who answered. Ends, and leaves nothing, at Ctrl-C, after `--for` seconds, or when the event of `--event` is over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Child } from '../support/child.ts';
import { startRun, servePid, untilLocal } from './support/daemons.ts';
import type { RulesChoice } from './support/daemons.ts';
import { EVENTS } from './support/events.ts';
import type { Event, EventName } from './support/events.ts';
import { Figures } from './support/figures.ts';
import type { KubeProxyMode } from './support/kube-proxy.ts';
import { buildLab } from './support/lab.ts';
import type { Lab } from './support/lab.ts';
import { startLoad } from './support/load/load.ts';
import type { Load } from './support/load/load.ts';
import { WHO_ERROR } from './support/load/options.ts';
import type { LoadTick } from './support/load/options.ts';
import { requireLab } from './support/namespace.ts';
import { CLUSTER_IP, LOCAL_MARK, WHO } from './support/plan.ts';

const USAGE = `npm run lab -- [--kube-proxy iptables-nft|iptables-legacy|nftables] [--rules nft|iptables] [--for SECONDS]
               [--event ${Object.keys(EVENTS).join('|')}]
`;
const MODES: readonly KubeProxyMode[] = ['iptables-nft', 'iptables-legacy', 'nftables'];
const RATE = 100;
const TICK_MS = 1_000;

interface Wish {
  readonly mode: KubeProxyMode;
  readonly rules: RulesChoice;
  readonly seconds: number;
  readonly event: EventName | undefined;
}

async function main(): Promise<number> {
  const wish = readWish();
  if (wish === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig', 'setpriv');
  if (!available) {
    process.stderr.write(`the lab cannot be built here ${reason}\n`);
    return 1;
  }
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => over.abort());
  process.stdout.write('building the lab …\n');
  const lab = await buildLab(wish.mode);
  try {
    await (wish.event === undefined ? show(lab, wish, over.signal) : runEvent(lab, wish, wish.event));
    return 0;
  } finally {
    await lab.close();
  }
}

/** @returns undefined when it was asked for what there is not */
function readWish(): Wish | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { 'kube-proxy': text, rules: text, for: text, event: text } });
  const mode = MODES.find((each) => each === (values['kube-proxy'] ?? 'iptables-nft'));
  const rules = (['nft', 'iptables'] as const).find((each) => each === (values.rules ?? 'nft'));
  const seconds = Number(values.for ?? Infinity);
  const known = Object.keys(EVENTS) as EventName[];
  const event = known.find((each) => each === values.event);
  const wrong = Number.isNaN(seconds) || (values.event !== undefined && event === undefined);
  return mode === undefined || rules === undefined || wrong ? undefined : { mode, rules, seconds, event };
}

/** One event of the table, with its figures. */
async function runEvent(lab: Lab, { rules }: Wish, event: EventName): Promise<void> {
  process.stdout.write(`${event}: 1,000 queries per second and family from a pod, and from the host …\n`);
  const figures = new Figures({ rules, kubeProxy: lab.mode, pod: 'ptp' });
  const { names, scenario }: Event = EVENTS[event];
  figures.add(names, await scenario({ lab, rules, pod: lab.pod1 }));
  figures.publish();
}

/** A line each second until it is over. */
async function show(lab: Lab, { rules, seconds }: Wish, over: AbortSignal): Promise<void> {
  const run = startRun(lab, rules);
  await Promise.race([untilLocal(lab.pod1, lab.node), run.ended]);
  const loads = await Promise.all(
    [lab.pod1, lab.node].map((client) => startLoad(client, { rate: RATE, ticks: true })),
  );
  process.stdout.write(whatToTry(lab, run, rules));
  let said = 0;
  for (let second = 0; second < seconds && !over.aborted; second++) {
    await delay(TICK_MS, undefined, { signal: over }).catch(() => undefined);
    const news = run.lines().slice(said);
    said += news.length;
    for (const line of news.filter((each) => /guard:|ended|started/.test(each)))
      process.stdout.write(`  ${line}\n`);
    process.stdout.write(`${stateOf(run)}  ${loads.map(lastTick).join('  ')}  ${tracked(lab)} tracked\n`);
  }
  for (const { child } of loads) child.signal('SIGKILL');
  await run.stop();
}

const STATE = /guard: .*: (absent|proving|intercepting|fallback): /;

/** What the guard said last, and the cache's process as far as one is there. */
function stateOf(run: Child): string {
  const state = STATE.exec(run.lines().findLast((line) => STATE.test(line)) ?? '')?.[1] ?? 'starting';
  try {
    return `${state}, serve ${servePid(run)}`;
  } catch {
    return `${state}, no serve`;
  }
}

const NAMES = ['pod', 'host'] as const;

function lastTick({ child }: Load, index: number): string {
  const line = child.lines().findLast((each) => each.startsWith('{"answered"'));
  const { answered, lost } = JSON.parse(line ?? '{"answered":{},"lost":0}') as LoadTick;
  const { [LOCAL_MARK]: local = 0, [WHO_ERROR]: errors = 0, ...cluster } = answered;
  const fromCluster = Object.values(cluster).reduce((a, b) => a + b, 0);
  return `${NAMES[index]}: ${local} by the cache, ${fromCluster} by cluster DNS, ${lost} lost, ${errors} errors`;
}

const tracked = (lab: Lab): number =>
  lab.node
    .run('conntrack', '-L', '--orig-dst', CLUSTER_IP.ipv4)
    .split('\n')
    .filter((line) => line.includes('dport=53')).length;

const whatToTry = (lab: Lab, run: Child, rules: RulesChoice): string => `
Two pods, a node and cluster DNS, as network namespaces. ${2 * RATE} queries per second from pod1 and from the node itself, IPv4 and IPv6.
In another terminal, as root:

  ip netns exec ${lab.pod1.name} dig @${CLUSTER_IP.ipv4} +short ${WHO}     (192.0.2.1 is the cache, .10 and .11 are cluster DNS)
  ip netns exec ${lab.pod2.name} dig @${CLUSTER_IP.ipv6} +short ${WHO} AAAA
  pkill -KILL -P ${run.pid}                      the cache dies
  pkill -STOP -P ${run.pid}                      the cache hangs
  kill -9 ${run.pid}                             the watchdog dies, and the cache with it
  ip netns exec ${lab.node.name} ${rules === 'nft' ? 'nft list table inet nodelocaldns' : 'iptables-save -t raw'}
  ip netns exec ${lab.node.name} nft flush ruleset
  ip netns exec ${lab.node.name} ip link delete nodelocaldns
  ip netns exec ${lab.node.name} conntrack -L --orig-dst ${CLUSTER_IP.ipv4}

Ctrl-C ends it and leaves nothing.

`;

process.exitCode = await main();
