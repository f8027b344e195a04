/** The guard as a whole, on a host held in memory and in time that the test moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { Guard } from '../../src/guard/guard.ts';
import type { GuardOptions } from '../../src/guard/guard.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { FakeLog } from '../support/setup-context.ts';
import { FakeHost } from './fake-host.ts';

const A = '192.0.2.1';
const B = '2001:db8::1';
const PLAN = { addresses: [A, B], dnsPort: 53, healthPort: undefined, leaseMs: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

class Bench {
  readonly host: FakeHost;
  readonly log = new FakeLog();
  readonly metrics = new MetricRegistry();
  readonly guard: Guard;

  constructor(host: FakeHost, options: Partial<GuardOptions> = {}) {
    this.host = host;
    this.guard = new Guard({
      plan: PLAN,
      link: host,
      rules: host,
      instance: 'a',
      probeIntervalMs: 250,
      clock: SYSTEM_CLOCK,
      log: this.log,
      metrics: this.metrics,
      prober: host,
      canary: host,
      ...options,
    });
  }

  /** Starts it; with a server that answers, until it is intercepted. */
  static async intercepting(options: Partial<GuardOptions> = {}, host = new FakeHost()): Promise<Bench> {
    const bench = new Bench(host, options);
    host.answer = () => 'good';
    await bench.begin();
    await pass(1_000);
    expect(bench.guard.notReady()).toEqual([]);
    bench.log.lines.length = 0;
    host.takeDone();
    return bench;
  }

  async begin(): Promise<void> {
    const started = this.guard.start();
    await pass(20);
    await started;
  }

  /** Series of one family that are not 0, as `labels=value`. */
  counted(name: string): string[] {
    this.metrics.refresh();
    const family = [...this.metrics.families()].find((found) => found.name === name);
    return (family?.samples ?? []).flatMap((sample) =>
      'value' in sample && sample.value !== 0 ? [`${sample.labelValues.join(' ')}=${sample.value}`] : [],
    );
  }
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('starting', () => {
  it('makes the interface, puts rules with nothing armed, and probes before it arms', async () => {
    const host = new FakeHost();
    const bench = new Bench(host);
    host.answer = () => 'good';
    await bench.begin();
    expect(host.done).toEqual(['ensure', 'inspect', 'install']);
    expect(bench.guard.everProved).toBe(false);
    expect(bench.guard.notReady()).toEqual([
      `${A}: proving: the interface stands, waiting for answers`,
      `${B}: proving: the interface stands, waiting for answers`,
    ]);
    await pass(400);
    expect(host.armed.size).toBe(0);
    await pass(600);
    expect(new Set(host.armed)).toEqual(new Set([A, B]));
    expect(bench.guard.everProved).toBe(true);
    expect(bench.log.lines).toEqual([
      'info interface: made it',
      `info ${A}, ${B}: proving: the interface stands, waiting for answers`,
      `info ${A}, ${B}: intercepting: probes over UDP and TCP were answered`,
    ]);
    expect(bench.counted('nodelocaldns_guard_transitions_total')).toEqual([
      `${A} proving start=1`,
      `${B} proving start=1`,
      `${A} intercepting proved=1`,
      `${B} intercepting proved=1`,
    ]);
  });

  it('arms the address alone that is answered', async () => {
    const host = new FakeHost();
    const bench = new Bench(host);
    host.answer = (_proto, address) => (address === A ? 'good' : 'failed');
    await bench.begin();
    await pass(2_000);
    expect([...host.armed]).toEqual([A]);
    expect(bench.guard.notReady()).toHaveLength(1);
    expect(bench.counted('nodelocaldns_guard_state')).toEqual([`${A} intercepting=1`, `${B} proving=1`]);
    expect(bench.counted('nodelocaldns_guard_probe_failures_total').join(' ')).toMatch(
      /::1 udp=9.*::1 tcp=9/,
    );
  });

  it('leaves what stands untouched where it holds a lease and is answered', async () => {
    const host = new FakeHost();
    host.linkStands = true;
    host.standing = 'complete';
    for (const set of [host.armed, host.live]) set.add(A).add(B);
    host.answer = () => 'good';
    const bench = new Bench(host);
    await bench.begin();
    expect(bench.guard.notReady()).toEqual([]);
    expect(bench.guard.everProved).toBe(true);
    await pass(5_000);
    expect(host.takeDone()).toEqual([]);
    expect(bench.counted('nodelocaldns_guard_transitions_total')).toEqual([
      `${A} intercepting adopted=1`,
      `${B} intercepting adopted=1`,
    ]);
  });

  it('tries for a second whether what stands is answered, and disarms what is not', async () => {
    const host = new FakeHost();
    host.linkStands = true;
    host.standing = 'complete';
    for (const set of [host.armed, host.live]) set.add(A).add(B);
    host.answer = (_proto, address) => (address === A ? 'good' : 'failed');
    const bench = new Bench(host);
    const started = bench.guard.start();
    await pass(900);
    expect(host.takeDone()).toEqual([]);
    await pass(200);
    await started;
    expect(host.takeDone()).toEqual([`disarm ${B}`]);
    expect(bench.counted('nodelocaldns_guard_state')).toEqual([`${A} intercepting=1`, `${B} proving=1`]);
  });

  it('disarms at once what is armed and holds no lease', async () => {
    const host = new FakeHost();
    host.standing = 'complete';
    host.armed.add(A).add(B);
    host.live.add(A);
    host.answer = () => 'good';
    const bench = new Bench(host);
    await bench.begin();
    expect(host.takeDone()).toEqual([`disarm ${B}`]);
    expect([...host.armed]).toEqual([A]);
  });

  it('puts rules anew that are damaged', async () => {
    const host = new FakeHost();
    host.standing = 'damaged';
    host.armed.add(A);
    const bench = new Bench(host);
    await bench.begin();
    expect(host.takeDone()).toEqual(['install']);
    expect(host.armed.size).toBe(0);
  });

  it.each(['ensure', 'inspect', 'install'])(
    'rejects when %s fails, and takes away what it made',
    async (operation) => {
      const host = new FakeHost();
      host.fail(operation, 'permission');
      const bench = new Bench(host);
      const failure = expect(bench.guard.start()).rejects.toMatchObject({
        name: 'HostError',
        code: 'permission',
      });
      await pass(100);
      await failure;
      expect(host.done.includes('remove')).toBe(operation !== 'ensure');
      const type = operation === 'ensure' ? 'interface_add' : 'iptables';
      expect(bench.counted('coredns_nodecache_setup_errors_total')).toEqual([`${type}=1`]);
      await pass(5_000);
      expect(host.asked).toBe(0);
    },
  );

  it('leaves an interface alone that it did not make when the rules fail', async () => {
    const host = new FakeHost();
    host.linkStands = true;
    host.fail('install', 'lock');
    const bench = new Bench(host);
    const failure = expect(bench.guard.start()).rejects.toThrow('install cannot be done');
    await pass(100);
    await failure;
    expect(host.done).not.toContain('remove');
    expect(bench.counted('coredns_nodecache_setup_errors_total')).toEqual(['iptables_lock=1']);
  });

  it.each([
    [49, 1_000],
    [2_001, 10_000],
    [501, 1_000],
    [Number.NaN, 1_000],
  ])('refuses probes each %d ms with a lease of %d ms', (probeIntervalMs, leaseMs) => {
    const host = new FakeHost();
    expect(() => new Bench(host, { probeIntervalMs, plan: { ...PLAN, leaseMs } })).toThrow(RangeError);
  });
});

describe('a server that fails', () => {
  it('is disarmed as soon as it has ended, in one operation', async () => {
    const { host, guard, log } = await Bench.intercepting();
    host.answer = () => 'failed';
    const gone = guard.childGone('killed by SIGKILL');
    await pass(host.takesMs + 1);
    await gone;
    expect(host.armed.size).toBe(0);
    expect(host.takeDone()).toEqual([`disarm ${A} ${B}`]);
    expect(guard.notReady()).toEqual([
      `${A}: fallback: the server has ended: killed by SIGKILL`,
      `${B}: fallback: the server has ended: killed by SIGKILL`,
    ]);
    await pass(100);
    expect(log.lines).toEqual([`warn ${A}, ${B}: fallback: the server has ended: killed by SIGKILL`]);
  });

  it('is armed again when it answers again, with the time that it is kept out', async () => {
    const { host, guard } = await Bench.intercepting();
    const gone = guard.childGone('exit code 1');
    await pass(20);
    await gone;
    // It flapped: a second, then three probes.
    await pass(1_200);
    expect(host.armed.size).toBe(0);
    await pass(800);
    expect(host.armed.size).toBe(2);
    expect(guard.notReady()).toEqual([]);
  });

  it('is disarmed when it does not answer and its lease has lapsed', async () => {
    const { host, guard, log } = await Bench.intercepting();
    host.answer = () => 'failed';
    await pass(1_000);
    host.live.clear();
    expect(host.takeDone()).toEqual([]);
    await pass(300);
    expect(host.takeDone()).toEqual([`disarm ${A} ${B}`]);
    expect(guard.notReady()[0]).toMatch(/lease has lapsed/);
    expect(guard.silentMs).toBeGreaterThan(1_000);
    await pass(100);
    expect(log.lines).toHaveLength(1);
  });

  it('stays while its lease is held by replies to others, as under a flood', async () => {
    const { host, guard } = await Bench.intercepting();
    host.answer = () => 'failed';
    await pass(60_000);
    expect(host.takeDone()).toEqual([]);
    expect(guard.notReady()).toEqual([]);
    // Looked at twice a second at most.
    expect(host.asked).toBeGreaterThan(0);
  });

  it('is not left because rules cannot be inspected', async () => {
    const { host, guard } = await Bench.intercepting();
    host.fail('inspect');
    host.answer = () => 'failed';
    await pass(3_000);
    expect(guard.notReady()).toEqual([]);
    host.failing.clear();
    host.live.clear();
    await pass(5_500);
    expect(guard.notReady()).toHaveLength(2);
  });

  it('is disarmed for one address alone where the other is answered', async () => {
    const { host, guard } = await Bench.intercepting();
    host.answer = (_proto, address) => (address === A ? 'good' : 'failed');
    host.renews = false;
    await pass(900);
    host.live.delete(B);
    await pass(600);
    expect(host.takeDone()).toEqual([`disarm ${B}`]);
    expect(guard.notReady()).toHaveLength(1);
  });

  it('is not blamed for a standstill of the guard', async () => {
    const { host, guard, log } = await Bench.intercepting();
    // All timers stand still, and the clock does not.
    const before = performance.now();
    const now = vi
      .spyOn(performance, 'now')
      .mockImplementation(() => before + 30_000 + (Date.now() - startMs));
    const startMs = Date.now();
    host.live.clear();
    host.renews = false;
    expect(guard.silentMs).toBe(0);
    await pass(400);
    expect(guard.silentMs).toBeLessThan(1_000);
    expect(guard.notReady()).toEqual([]);
    expect(log.lines.join()).toMatch(/this process did not run for 30\d\d\d ms/);
    now.mockRestore();
  });
});

describe('a planned stop', () => {
  it('disarms, and stays disarmed whatever answers', async () => {
    const { host, guard } = await Bench.intercepting();
    const stopped = guard.disarm('SIGTERM');
    await pass(host.takesMs + 1);
    await stopped;
    expect(host.takeDone()).toEqual([`disarm ${A} ${B}`]);
    await pass(70_000);
    expect(host.takeDone()).toEqual([]);
    expect(guard.notReady()[0]).toBe(`${A}: fallback: planned stop: SIGTERM`);
  });

  it('takes away the rules first and then the interface', async () => {
    const rules = new FakeHost();
    const link = new FakeHost();
    const order: string[] = [];
    vi.spyOn(rules, 'remove').mockImplementation(async () => void order.push('rules'));
    vi.spyOn(link, 'remove').mockImplementation(async () => void order.push('interface'));
    rules.linkStands = true;
    const { guard } = await Bench.intercepting({ link }, rules);
    const stopped = guard.disarm('SIGTERM').then(() => guard.close({ teardown: true }));
    await pass(100);
    await stopped;
    expect(order).toEqual(['rules', 'interface']);
  });

  it('takes away the interface also where the rules cannot be, and says so', async () => {
    const bench = await Bench.intercepting();
    bench.host.fail('remove', 'lock');
    const failure = expect(bench.guard.close({ teardown: true })).rejects.toMatchObject({ code: 'lock' });
    await pass(100);
    await failure;
    expect(bench.host.takeDone().filter((line) => line === 'remove')).toHaveLength(2);
  });

  it('leaves everything, and asks nobody any more, when nothing is to be taken away', async () => {
    const { host, guard } = await Bench.intercepting();
    await guard.close({ teardown: false });
    const { asked } = host;
    host.flush();
    await pass(30_000);
    expect(host.takeDone()).toEqual(['canary closed']);
    expect(host.asked).toBe(asked);
  });

  it('waits for what is being armed, and takes it back', async () => {
    const host = new FakeHost();
    const bench = new Bench(host);
    host.answer = () => 'good';
    await bench.begin();
    host.takesMs = 300;
    await pass(700);
    expect(host.done.at(-1)).toBe(`arm ${A}`);
    const stopped = bench.guard.disarm('SIGTERM');
    await pass(700);
    await stopped;
    expect(host.armed.size).toBe(0);
    expect(host.overlapped).toBe(false);
  });
});

describe('an end while it starts', () => {
  it('waits for what has begun, and leaves nothing', async () => {
    const { guard, host } = new Bench(new FakeHost());
    host.takesMs = 100;
    const started = guard.start();
    await pass(50);
    const closed = guard.disarm('stopping').then(() => guard.close({ teardown: true }));
    await pass(2_000);
    await Promise.all([started, closed]);
    expect(host.overlapped).toBe(false);
    expect(host.standing).toBe('absent');
    expect(host.takeDone()).toEqual(['install', 'canary closed', 'remove', 'remove']);
  });

  it('leaves nothing armed of what it adopts where nothing is to be taken away', async () => {
    const host = new FakeHost();
    host.standing = 'complete';
    host.armed.add(A);
    host.live.add(A);
    host.answer = () => 'good';
    const { guard } = new Bench(host);
    void guard.start();
    const closed = guard.disarm('stopping').then(() => guard.close({ teardown: false }));
    await pass(2_000);
    await closed;
    expect([...host.armed]).toEqual([]);
    expect(host.standing).toBe('complete');
  });
});

describe('what others do to the host', () => {
  it('is healed within 1.5 s when they flush the rules, armed as it was', async () => {
    const { host, guard, ...bench } = await Bench.intercepting();
    host.flush();
    await pass(1_500);
    expect(host.takeDone()).toEqual([`install ${A} ${B}`]);
    expect(guard.notReady()).toEqual([]);
    expect(bench.log.lines).toEqual(['warn rules repaired: all of them were put anew']);
  });

  it('is healed with nothing armed that is not answered', async () => {
    const { host } = await Bench.intercepting();
    host.answer = (_proto, address) => (address === A ? 'good' : 'failed');
    await pass(300);
    host.flush();
    await pass(700);
    expect(host.takeDone()[0]).toBe(`install ${A}`);
  });

  it('is healed within 1.5 s when they take the interface, without a fallback', async () => {
    const bench = await Bench.intercepting();
    bench.host.linkStands = false;
    await pass(1_500);
    expect(bench.host.linkStands).toBe(true);
    expect(bench.guard.notReady()).toEqual([]);
    expect(bench.counted('nodelocaldns_guard_repairs_total')).toEqual(['interface=1']);
  });

  it('is armed anew when they emptied the sets, at the next full look', async () => {
    const bench = await Bench.intercepting();
    bench.host.armed.clear();
    bench.host.live.clear();
    await pass(11_000);
    expect(bench.host.takeDone()).toEqual([`arm ${A} ${B}`]);
    expect(bench.guard.notReady()).toEqual([]);
    expect(bench.counted('nodelocaldns_guard_repairs_total')).toEqual(['lease=2']);
    await pass(60_000);
    expect(bench.host.takeDone()).toEqual([]);
  });

  it('is disarmed when they armed what is not wanted', async () => {
    const host = new FakeHost();
    const bench = new Bench(host);
    await bench.begin();
    host.takeDone();
    host.armed.add(A);
    await pass(3_000);
    expect(host.takeDone()).toEqual([`disarm ${A}`]);
  });

  it('ends in fallback where the kernel does not renew a lease though probes are answered', async () => {
    const bench = await Bench.intercepting();
    bench.host.renews = false;
    bench.host.live.clear();
    const clear = setInterval(() => bench.host.live.clear(), 100);
    await pass(16_000);
    clearInterval(clear);
    expect(bench.counted('nodelocaldns_guard_transitions_total').join()).toMatch(/fallback lapsed=/);
  });

  it('does not spend its time on a canary that does not work', async () => {
    const canary = { look: () => Promise.resolve('gone' as const), close: vi.fn<() => void>() };
    const { host, log } = await Bench.intercepting({ canary });
    await pass(1_600);
    expect(canary.close).toHaveBeenCalledOnce();
    host.done.length = 0;
    await pass(5_000);
    expect(host.done).not.toContain('inspect');
    expect(log.lines).toEqual([
      'warn the canary does not work here: flushed rules are found by full looks alone',
    ]);
  });
});

describe('operations that fail', () => {
  it('leave the node in fallback with the reason, and are tried again with growing pauses', async () => {
    const host = new FakeHost();
    const bench = new Bench(host);
    host.answer = () => 'good';
    host.fail('arm', 'lock');
    await bench.begin();
    await pass(3_000);
    expect(bench.guard.notReady()[0]).toBe(
      `${A}: fallback: the rules could not be changed: arm cannot be done`,
    );
    const tries = host.takeDone().filter((line) => line.startsWith('arm')).length;
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(5);
    await pass(60_000);
    expect(host.takeDone().filter((line) => line.startsWith('arm')).length).toBeLessThanOrEqual(13);
    host.failing.clear();
    await pass(6_000);
    expect(bench.guard.notReady()).toEqual([]);
    expect(bench.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      'error arm: arm cannot be done; it is tried again',
    ]);
    expect(bench.log.lines.at(-2)).toBe('info arm: works again');
  });

  it('do not keep a stop waiting when disarming fails; it is tried again', async () => {
    const { host, guard } = await Bench.intercepting();
    host.fail('disarm');
    const stopped = guard.disarm('SIGTERM');
    await pass(100);
    await stopped;
    host.failing.clear();
    await pass(500);
    expect(host.armed.size).toBe(0);
  });

  it('never overlap, whatever happens at once', async () => {
    const { host, guard } = await Bench.intercepting({ syncIntervalMs: 1_000 });
    host.takesMs = 300;
    for (let round = 0; round < 20; round++) {
      if (round % 3 === 0) host.flush();
      if (round % 4 === 0) host.linkStands = false;
      if (round % 5 === 0) void guard.childGone('exit code 1');
      await pass(700);
    }
    expect(host.overlapped).toBe(false);
    await pass(120_000);
    expect(guard.notReady()).toEqual([]);
    expect(host.armed.size).toBe(2);
  });
});

describe('without rules', () => {
  it('serves what is proved, looks at the interface alone, and touches no rules', async () => {
    const host = new FakeHost('none');
    const bench = await Bench.intercepting({}, host);
    expect(bench.counted('nodelocaldns_guard_state')).toEqual([`${A} serving=1`, `${B} serving=1`]);
    expect(bench.counted('nodelocaldns_guard_rule_backend_info')).toEqual(['none=1']);
    host.linkStands = false;
    await pass(1_000);
    expect(host.linkStands).toBe(true);
    host.answer = () => 'failed';
    await pass(1_500);
    expect(bench.guard.notReady()).toHaveLength(2);
    host.answer = () => 'good';
    await pass(3_000);
    expect(bench.guard.notReady()).toEqual([]);
    const closed = bench.guard.close({ teardown: true });
    await pass(100);
    await closed;
    expect(host.takeDone()).toEqual(['remove']);
  });
});

it('has the families of node-cache, all errors at 0', async () => {
  const bench = new Bench(new FakeHost());
  const family = [...bench.metrics.families()].find(
    ({ name }) => name === 'coredns_nodecache_setup_errors_total',
  );
  expect(family?.samples).toEqual(
    ['iptables', 'iptables_lock', 'interface_add', 'interface_check', 'configmap'].map((type) => ({
      labelValues: [type],
      value: 0,
    })),
  );
});

it('tells the age of the last good answer', async () => {
  const bench = await Bench.intercepting();
  bench.host.answer = () => 'failed';
  await pass(10_000);
  const ages = bench.counted('nodelocaldns_guard_last_probe_age_seconds');
  expect(ages).toHaveLength(4);
  for (const age of ages) expect(Number(age.split('=')[1])).toBeGreaterThan(9);
  expect(bench.guard.silentMs).toBeGreaterThan(9_000);
});
