/** What `run` and `guard` owe to a host beside their own rules: acceptance where it drops, and nothing left, whenever they are ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { ADDRESSES, LabHost, untilIntercepting } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'iptables', 'setpriv');

const BACKENDS = ['nft', 'iptables'] as const;

describe.skipIf(!available)(`a host around run ${reason}`, () => {
  it.each(BACKENDS)('that drops by default accepts queries while %s rules stand', async (rules) => {
    const host = new LabHost();
    host.namespace.run('iptables-nft', '-P', 'INPUT', 'DROP');
    host.namespace.run('iptables-nft', '-P', 'OUTPUT', 'ACCEPT');
    host.namespace.run('iptables-nft', '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT');
    const before = host.state();
    const run = host.startRun([`--rules=${rules}`]);
    await untilIntercepting(run);
    const accepted = host.namespace.run('iptables-nft-save', '-t', 'filter');
    for (const protocol of ['udp', 'tcp']) {
      expect(accepted).toMatch(
        new RegExp(`^-A INPUT -d ${ADDRESSES[0]}/32 -p ${protocol} .*--dport 53 .*-j ACCEPT$`, 'm'),
      );
    }
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(uncounted(host)).toBe(uncountedText(before));
  });

  it.each(BACKENDS)('that begins to drop later accepts queries soon after, with %s rules', async (rules) => {
    const host = new LabHost();
    const run = host.startRun([`--rules=${rules}`, '-syncinterval=1s']);
    await untilIntercepting(run);
    for (const tool of ['iptables-nft', 'ip6tables-nft']) {
      host.namespace.run(tool, '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT');
      host.namespace.run(tool, '-P', 'INPUT', 'DROP');
    }
    await run.waitForLine(/rules repaired/);
    for (const [index, save] of ['iptables-nft-save', 'ip6tables-nft-save'].entries()) {
      const accepted = host.namespace.run(save, '-t', 'filter');
      expect(accepted).toContain(`-A INPUT -d ${ADDRESSES[index]}/`);
    }
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(host.namespace.run('iptables-nft-save', '-t', 'filter')).not.toContain('NodeLocal');
  });

  it.each(BACKENDS)('is as it was after a life with %s rules', async (rules) => {
    const host = new LabHost();
    const before = host.state();
    const run = host.startRun([`--rules=${rules}`]);
    await untilIntercepting(run);
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(host.state()).toBe(before);
  });

  it('keeps an empty table raw that was there before', async () => {
    const host = new LabHost();
    host.namespace.run('iptables-nft', '-t', 'raw', '-N', 'MINE');
    host.namespace.run('iptables-nft', '-t', 'raw', '-X', 'MINE');
    const run = host.startRun(['--rules=iptables']);
    await untilIntercepting(run);
    run.signal('SIGTERM');
    await run.ended;
    expect(host.namespace.run('nft', 'list', 'tables')).toContain('table ip raw');
  });

  it('is as it was when guard is ended while it starts, at whatever moment', async () => {
    const host = new LabHost();
    const before = host.state();
    for (let afterMs = 300; afterMs <= 1_200; afterMs += 90) {
      const guard = host.startGuard();
      await delay(afterMs);
      guard.signal('SIGTERM');
      // On a busy machine Node has not yet begun by then.
      await guard.ended;
      expect(host.state(), `ended after ${afterMs} ms`).toBe(before);
    }
  });
});

const uncountedText = (state: string): string => state.replaceAll(/counter packets \d+ bytes \d+ /g, '');
const uncounted = (host: LabHost): string => uncountedText(host.state());
