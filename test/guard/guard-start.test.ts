/** How a guard begins: what it makes, adopts and takes back, and an end that comes meanwhile. */
import { describe, expect, it } from 'vitest';
import { FakeHost } from './fake-host.ts';
import { A, B, Bench, PLAN, fakeTime, pass } from './guard-bench.ts';

fakeTime();

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
