/**
 * The command lines of the systemd units on a node with pods and kube-proxy, in the environment that comes with them and with their
 * capabilities. That systemd understands the units is tested in `test/config`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandArguments, readEnvironment, readUnits, serviceValue } from '../../config/systemd-unit.ts';
import type { SystemdUnit } from '../../config/systemd-unit.ts';
import type { Child } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { servePid } from '../support/daemons.ts';
import { buildLab } from '../support/lab.ts';
import type { Lab } from '../support/lab.ts';
import { requireLab } from '../support/namespace.ts';
import { CACHED_NAME, CLUSTER_IP } from '../support/plan.ts';
import { readPage, startConfined, untilReady } from './confined-daemon.ts';
import type { ConfinedStart } from './confined-daemon.ts';
import { statusOf } from './process-status.ts';

const { available, reason } = requireLab('nft', 'iptables', 'setpriv', 'knotd', 'dig', 'ptp');

/** Of those that systemd gives to dynamic users. */
const DYNAMIC_USER = 64_000;
const READY = 'http://127.0.0.1:9353/ready';
const METRICS = 'http://127.0.0.1:9253/metrics';

/** How systemd would start it. */
function startOf(unit: SystemdUnit): ConfinedStart {
  const words = (key: string): readonly string[] =>
    unit.values('Service', key).join(' ').split(' ').filter(Boolean);
  const isDynamic = words('DynamicUser').includes('yes');
  expect(serviceValue(unit, 'NoNewPrivileges')).toBe('yes');
  return {
    args: commandArguments(unit),
    env: readEnvironment(),
    capabilities: words('CapabilityBoundingSet'),
    ...(isDynamic && { user: { id: DYNAMIC_USER, ambient: words('AmbientCapabilities') } }),
  };
}

function unitNamed(name: string): SystemdUnit {
  const unit = readUnits().find(({ file }) => file === `${name}.service`);
  if (unit === undefined) throw new Error(`no unit ${name}`);
  return unit;
}

const warnings = (child: Child): readonly string[] =>
  child.lines().filter((line) => /^\[(?:WARNING|ERROR)\]/.test(line));

describe.skipIf(!available)(`the units of systemd ${reason}`, () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await buildLab('iptables-nft');
  });

  afterAll(async () => {
    await lab?.close();
  });

  const start = (name: string): Child => startConfined(lab, startOf(unitNamed(name)));
  const isReady = (): boolean => readPage(lab.node, READY).status === 200;

  function expectAnswered(): void {
    const answer = lab.pod1.run(
      ...(['dig', '+short', '+tries=1', '+timeout=1', `@${CLUSTER_IP.ipv4}`, CACHED_NAME] as const),
    );
    expect(answer.trim()).not.toBe('');
    expect(readPage(lab.node, METRICS).body).toMatch(
      /^coredns_dns_requests_total\{.*server="dns:\/\/10\.96\.0\.10:53".*\} [1-9]/m,
    );
  }

  it('in one: the cache answers a pod, as a user of its own', async () => {
    const run = start('nodelocaldns');
    await untilReady(run, isReady);
    expectAnswered();
    expect(statusOf(servePid(run))).toEqual({
      user: 65_532,
      capabilities: ['NET_BIND_SERVICE'],
      noNewPrivileges: true,
    });
    expect(warnings(run)).toEqual([]);
    expect(await run.stop()).toEqual({ code: 0, signal: null });
  });

  it('in two: the cache answers a pod, and neither has what the other needs', async () => {
    const guard = start('nodelocaldns-guard');
    // systemd starts the cache again each second until it has addresses to bind; here nobody does.
    await eventually(() => lab.node.run('ip', '-brief', 'address').includes(`${CLUSTER_IP.ipv4}/32`));
    const serve = start('nodelocaldns-serve');
    await untilReady(guard, isReady);
    expectAnswered();
    expect(statusOf(serve.pid)).toEqual({
      user: DYNAMIC_USER,
      capabilities: ['NET_BIND_SERVICE'],
      noNewPrivileges: true,
    });
    expect(statusOf(guard.pid).capabilities).toEqual(['NET_ADMIN', 'NET_RAW']);
    expect([...warnings(guard), ...warnings(serve)]).toEqual([]);
    expect(await guard.stop()).toEqual({ code: 0, signal: null });
    expect(await serve.stop()).toEqual({ code: 0, signal: null });
  });
});
