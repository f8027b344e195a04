/**
 * The instances of the cluster DNS are replaced one by one behind one address, as a Deployment's rollout does it: while they leave, their
 * connections are reset, end in good order, or are left half open; for a moment new connections still lead to who is gone. No query fails,
 * and none takes longer than a second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { drop, later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startSteadyLoad } from './support/steady-load.ts';

const INSTANCES = 3;
const QUERIES_PER_SECOND = 200;
/** Between two replacements: enough for the pool to have connections to everybody again. */
const STEP_MS = 600;
/** How long new connections still lead to an instance that is gone: until every node has heard of it. */
const LAG_MS = 150;
const SLOWEST_MS = 1_000;

type Leaving = 'close' | 'reset' | 'vanish';

/** One address, and who answers there: each connection is one instance's, as kube-proxy has it. */
class Service {
  upstream!: ScriptedUpstream;
  /** Instances that new connections lead to. */
  private readonly endpoints: number[] = Array.from({ length: INSTANCES }, (_, i) => i);
  /** Those that are gone, and how. */
  private readonly gone = new Map<number, Leaving>();
  private readonly instanceOf = new Map<number, number>();
  private started = INSTANCES;

  static async start(): Promise<Service> {
    const service = new Service();
    service.upstream = await startScriptedUpstream(
      ({ connection }) => {
        const how = service.gone.get(service.instanceOf.get(connection) ?? -1);
        // CoreDNS takes a moment; what an instance had not answered when it went is lost.
        return how === undefined ? later(2, reply({ answers: ['@ 30 IN A 192.0.2.1'] })) : drop();
      },
      { serialTcp: true, udp: false, onConnection: (connection) => service.accepted(connection) },
    );
    onTestFinished(() => service.upstream.close());
    return service;
  }

  /** Replaces the oldest instance. */
  async replace(how: Leaving): Promise<void> {
    const [oldest] = this.endpoints;
    this.endpoints.push(this.started++);
    this.gone.set(oldest, how);
    this.upstream.breakConnections(how, (connection) => this.instanceOf.get(connection) === oldest);
    await delay(LAG_MS);
    this.endpoints.shift();
  }

  private accepted(connection: number): void {
    const instance = this.endpoints[connection % this.endpoints.length];
    this.instanceOf.set(connection, instance);
    const how = this.gone.get(instance);
    if (how !== undefined) this.upstream.breakConnections(how, (number) => number === connection);
  }
}

it.each<[string, readonly Leaving[]]>([
  ['are reset', ['reset', 'reset', 'reset', 'reset']],
  ['end', ['close', 'close', 'close', 'close']],
  ['are left half open', ['vanish', 'vanish', 'vanish', 'vanish']],
  ['meet all of it', ['vanish', 'reset', 'close', 'vanish']],
])(
  'loses no query while all instances are replaced, and their connections %s',
  async (_, leaving) => {
    const service = await Service.start();
    const port = await freePort();
    await startDaemon({
      corefile: `.:${port} {
      bind 127.0.0.1
      forward . 127.0.0.1:${service.upstream.port} {
        force_tcp
      }
    }
`,
    });
    const load = await startSteadyLoad(port, QUERIES_PER_SECOND);
    await delay(STEP_MS);
    for (const how of leaving) {
      await service.replace(how);
      await delay(STEP_MS);
    }
    const all = await load.end();
    expect(all.length).toBeGreaterThan(300);
    expect(all.filter(({ rcode }) => rcode !== 'NOERROR')).toEqual([]);
    expect(Math.max(...all.map(({ ms }) => ms))).toBeLessThan(SLOWEST_MS);
  },
  20_000,
);
