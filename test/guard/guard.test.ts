/** The guard as a whole, on a host held in memory: servers that fail, planned stops, and what it tells of itself. */
import { describe, expect, it, vi } from 'vitest';
import { FakeHost } from './fake-host.ts';
import { A, B, Bench, fakeTime, pass } from './guard-bench.ts';

fakeTime();

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

  it('is disarmed as soon as it has no sockets, and falls back when it has ended', async () => {
    const { host, guard, log } = await Bench.intercepting();
    guard.childLeaves();
    // The last answer may still be on its way.
    await pass(300);
    expect(host.takeDone()).toEqual([`disarm ${A} ${B}`]);
    expect(log.lines).toEqual([]);
    const gone = guard.childGone('killed by SIGKILL');
    await pass(100);
    await gone;
    expect(host.takeDone()).toEqual([]);
    expect(guard.notReady()).toHaveLength(2);
    expect(log.lines).toEqual([`warn ${A}, ${B}: fallback: the server has ended: killed by SIGKILL`]);
  });

  it('is armed again when it has no sockets, as it seems, and yet answers and does not end', async () => {
    const { host, guard } = await Bench.intercepting();
    guard.childLeaves();
    await pass(4_900);
    expect(host.armed.size).toBe(0);
    await pass(1_000);
    expect(host.armed.size).toBe(2);
    expect(guard.notReady()).toEqual([]);
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
