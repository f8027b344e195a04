/** What a guard does about a host that others change, or that does not do what it is told. */
import { describe, expect, it, vi } from 'vitest';
import { FakeHost } from './fake-host.ts';
import { A, B, Bench, fakeTime, pass } from './guard-bench.ts';

fakeTime();

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
