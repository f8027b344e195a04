/**
 * The same as `rollout.test.ts` where the cluster DNS is asked over UDP. Connection tracking ties each port that asks to one instance, as
 * long as datagrams go there, whether the instance is there or not: who goes on asking from the port of a dead one is never answered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { drop, later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ReceivedQuery, ScriptedAction, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startSteadyLoad } from './support/steady-load.ts';

const INSTANCES = 3;
const REPLACEMENTS = 4;
const QUERIES_PER_SECOND = 200;
const STEP_MS = 600;
/** How long new ports still lead to an instance that is gone. */
const LAG_MS = 150;
const SLOWEST_MS = 1_000;

/** One address, and who answers there: each client's port is one instance's, from its first datagram on. */
class Service {
  upstream!: ScriptedUpstream;
  private readonly endpoints: number[] = Array.from({ length: INSTANCES }, (_, i) => i);
  private readonly gone = new Set<number>();
  /** As connection tracking has it. */
  private readonly instanceOf = new Map<number, number>();
  private started = INSTANCES;

  static async start(): Promise<Service> {
    const service = new Service();
    service.upstream = await startScriptedUpstream((query) => service.answer(query));
    onTestFinished(() => service.upstream.close());
    return service;
  }

  /** Replaces the oldest instance, which says nothing any more. */
  async replace(): Promise<void> {
    const [oldest] = this.endpoints;
    this.endpoints.push(this.started++);
    this.gone.add(oldest);
    await delay(LAG_MS);
    this.endpoints.shift();
  }

  /** Ports that lead to somebody who is gone. */
  deadPorts(): Set<number> {
    return new Set([...this.instanceOf].filter(([, who]) => this.gone.has(who)).map(([port]) => port));
  }

  private answer({ transport, clientPort }: ReceivedQuery): ScriptedAction {
    expect(transport).toBe('udp');
    const instance =
      this.instanceOf.get(clientPort) ?? this.endpoints[this.instanceOf.size % this.endpoints.length];
    this.instanceOf.set(clientPort, instance);
    return this.gone.has(instance) ? drop() : later(2, reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  }
}

it.each([
  ['as the client came', ''],
  ['with prefer_udp', 'prefer_udp'],
])(
  'loses no query while all instances are replaced, asked %s',
  async (_, options) => {
    const service = await Service.start();
    const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
    await startDaemon({
      corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      forward . 127.0.0.1:${service.upstream.port} {
        ${options}
      }
    }
`,
    });
    const load = await startSteadyLoad(port, QUERIES_PER_SECOND);
    await delay(STEP_MS);
    for (let i = 0; i < REPLACEMENTS; i++) {
      await service.replace();
      await delay(STEP_MS);
    }
    const before = service.upstream.queries.length;
    const dead = service.deadPorts();
    await delay(STEP_MS);
    const all = await load.end();
    expect(all.length).toBeGreaterThan(300);
    expect(all.filter(({ rcode }) => rcode !== 'NOERROR')).toEqual([]);
    expect(Math.max(...all.map(({ ms }) => ms))).toBeLessThan(SLOWEST_MS);
    // What it takes: some questions twice. Dead ports are nearly all found out by now.
    const moved = (await scrape(metricsPort)).sum('nodelocaldns_upstream_moved_queries_total');
    expect(moved).toBeGreaterThan(REPLACEMENTS);
    expect(moved).toBeLessThan(all.length / 3);
    const late = service.upstream.queries.slice(before).filter(({ clientPort }) => dead.has(clientPort));
    expect(late.length).toBeLessThan(dead.size);
  },
  20_000,
);
