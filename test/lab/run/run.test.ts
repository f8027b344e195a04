/** `run` on a real host: what its child may do, what happens when either of them dies, and what is left behind. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { childPidWith, childPids, childPrograms, holderPid } from '../../support/child-pids.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDirectory } from '../../support/temp-file.ts';
import { requireLab } from '../support/namespace.ts';
import {
  ADDRESSES,
  COREFILE,
  INTERCEPTING,
  LabHost,
  commandOf,
  isAlive,
  statusOf,
  untilGone,
  untilIntercepting,
  untilInterceptingAgain,
} from './lab-host.ts';
import type { RunProcess } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'setpriv', 'dig');

/** A module for Node that throws, out of nowhere, when the process gets this signal. */
const BUG_BY_SIGUSR2 = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { throw new Error('a bug'); })",
)}`;

const NET_BIND_SERVICE_ONLY = '0000000000000400';

async function startIntercepting(host: LabHost, args: readonly string[] = []): Promise<RunProcess> {
  const run = host.startRun(args);
  await untilIntercepting(run);
  return run;
}

const valueIn = (status: string, name: string): string | undefined =>
  new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];

describe.skipIf(!available)(`run ${reason}`, () => {
  it('answers on every address, and gives the host back as it was', async () => {
    const host = new LabHost();
    const before = host.state();
    const pidfile = join(tempDirectory(), 'pid');
    const run = await startIntercepting(host, ['-pidfile', pidfile]);
    expect(readFileSync(pidfile, 'utf8')).toBe(`${run.pid}\n`);
    expect(ADDRESSES.map((address) => host.asks(address))).toEqual(['192.0.2.1', '192.0.2.1']);
    expect(host.state()).not.toBe(before);
    const serve = run.servePid();
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(isAlive(serve)).toBe(false);
    expect(host.state()).toBe(before);
    expect(existsSync(pidfile)).toBe(false);
  });

  it('lets its child bind port 53 and do nothing else to the host', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host);
    const status = statusOf(run.servePid());
    expect(/^Uid:\s*(.*)$/m.exec(status)?.[1]).toBe('65532\t65532\t65532\t65532');
    expect(/^Groups:(.*)$/m.exec(status)?.[1].trim()).toBe('');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(valueIn(status, set)).toBe(NET_BIND_SERVICE_ONLY);
    }
    expect(valueIn(status, 'NoNewPrivs')).toBe('1');
    const command = commandOf(run.servePid());
    expect(command).toContain('serve');
    expect(command).not.toContain('setpriv');
  });

  it('shows the guard’s numbers on its own page and on the page of serve', async () => {
    const host = new LabHost(COREFILE.replace('hosts', 'prometheus 127.0.0.1:9253\n  hosts'));
    await startIntercepting(host);
    expect(host.page('/ready')).toBe('OK\n');
    expect(host.page('/metrics')).toMatch(/^nodelocaldns_guard_/m);
    const ofServe = (): string => host.namespace.run('curl', '-sS', 'http://127.0.0.1:9253/metrics');
    await eventually(() => /^nodelocaldns_guard_/m.test(ofServe()));
    expect(ofServe()).toMatch(/^coredns_nodecache_setup_errors_total\{errortype="iptables"\} 0$/m);
    expect(ofServe().match(/^# TYPE coredns_build_info /gm)).toHaveLength(1);
  });

  it('replaces a child that was killed', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host);
    const first = run.servePid();
    const again = untilInterceptingAgain(run);
    process.kill(first, 'SIGKILL');
    await run.waitForNextLine(/fallback/);
    await again;
    expect(run.servePid()).not.toBe(first);
    expect(run.lines()).toContainEqual(
      expect.stringMatching(/serve has ended: SIGKILL; it is started again in 100 ms/),
    );
  });

  it('leaves no zombies of what is killed in the container of which it is process 1', async () => {
    const host = new LabHost(COREFILE.replace('hosts', 'multisocket 2\n  hosts'));
    const container = host.startRun([], ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
    const twoServe = container.waitForLine(/2 workers serve/);
    await untilIntercepting(container);
    await twoServe;
    const [run = 0] = childPids(container.pid);
    const serve = childPidWith(run, 'serve');
    const [worker = 0] = childPrograms(serve);
    const dead = [worker, holderPid(worker)];
    process.kill(worker, 'SIGKILL');
    await eventually(() => childPrograms(serve).some((pid) => pid !== worker && childPids(pid).length > 0));
    const children = childPids(serve);
    dead.push(...children, ...children.flatMap(childPids));
    // Of each worker, and of serve, who holds its memory.
    expect(new Set(dead).size).toBe(5);
    const again = untilInterceptingAgain(container);
    process.kill(serve, 'SIGKILL');
    await again;
    await eventually(() => !dead.some((pid) => existsSync(`/proc/${pid}`)));
  });

  it('kills and replaces a child that is frozen', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host);
    const first = run.servePid();
    const again = untilInterceptingAgain(run);
    const frozenMs = performance.now();
    process.kill(first, 'SIGSTOP');
    await untilGone(first);
    expect(performance.now() - frozenMs).toBeGreaterThan(2500);
    expect(performance.now() - frozenMs).toBeLessThan(5000);
    await again;
    expect(run.servePid()).not.toBe(first);
  });

  it('takes its child with it when it is killed, and leaves nothing that intercepts', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host);
    const serve = run.servePid();
    run.signal('SIGKILL');
    await untilGone(serve);
    const live = (): string => host.namespace.run('nft', 'list', 'set', 'inet', 'nodelocaldns', 'live4');
    await eventually(() => !live().includes(ADDRESSES[0]));
    // The next one takes over what is left, and cleans it all up.
    const next = await startIntercepting(host);
    next.signal('SIGTERM');
    expect(await next.ended).toEqual({ code: 0, signal: null });
    expect(host.state()).not.toMatch(/nodelocaldns/);
  });

  it('passes SIGUSR1 on, and stays by SIGHUP', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host);
    const first = run.servePid();
    host.reload(COREFILE.replace('192.0.2.1', '192.0.2.2'));
    run.signal('SIGHUP');
    const reloaded = run.waitForLine(/Reloading complete/);
    run.signal('SIGUSR1');
    await reloaded;
    expect(host.asks(ADDRESSES[0])).toBe('192.0.2.2');
    expect(run.servePid()).toBe(first);
  });

  it('drains without lameduck by SIGQUIT', async () => {
    const host = new LabHost(
      COREFILE.replace('hosts', 'health 127.0.0.1:8080 {\n lameduck 20s\n }\n  hosts'),
    );
    const run = await startIntercepting(host);
    run.signal('SIGQUIT');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  }, 15_000);

  it('ends at once by a second SIGINT, and gives the host back all the same', async () => {
    const host = new LabHost(
      COREFILE.replace('hosts', 'health 127.0.0.1:8080 {\n lameduck 20s\n }\n  hosts'),
    );
    const before = host.state();
    const run = await startIntercepting(host);
    const serve = run.servePid();
    const draining = run.waitForLine(/SIGTERM: Shutting down servers/);
    run.signal('SIGINT');
    await draining;
    run.signal('SIGINT');
    expect(await run.ended).toEqual({ code: 2, signal: null });
    expect(isAlive(serve)).toBe(false);
    expect(host.state()).toBe(before);
  }, 15_000);

  it('gives the host back at an error that nobody caught', async () => {
    const host = new LabHost();
    const before = host.state();
    const run = host.startRun([], [], { NODE_OPTIONS: `--import ${BUG_BY_SIGUSR2}` });
    await untilIntercepting(run);
    const serve = run.servePid();
    run.signal('SIGUSR2');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.lines()).toContainEqual(expect.stringMatching(/^\[ERROR\] bug: Error: a bug/));
    expect(isAlive(serve)).toBe(false);
    expect(host.state()).toBe(before);
  });

  it('leaves interface and rules to the next one with -skipteardown, and intercepts nothing', async () => {
    const host = new LabHost();
    const run = await startIntercepting(host, ['-skipteardown']);
    run.signal('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(host.namespace.run('ip', '-o', 'addr', 'show', 'dev', 'nodelocaldns')).toContain(ADDRESSES[0]);
    const armed = host.namespace.run('nft', 'list', 'set', 'inet', 'nodelocaldns', 'armed4');
    expect(armed).not.toContain(ADDRESSES[0]);
    const clean = host.start([process.execPath, 'src/main.ts', 'guard', '--once-clean']);
    expect(await clean.ended).toEqual({ code: 0, signal: null });
    expect(clean.lines().join('\n')).toMatch(/nftables[^]*nodelocaldns/);
    expect(host.state()).not.toMatch(/nodelocaldns/);
  });

  it('says of an address that no server block has that it is not served', async () => {
    const host = new LabHost(COREFILE.replace('hosts', `bind ${ADDRESSES[0]}\n  hosts`));
    const run = host.startRun();
    await run.waitForLine(INTERCEPTING);
    await run.waitForLine(/no server block listens on fd00:a::10 port 53/);
    expect(host.page('/ready')).toMatch(/^fd00:a::10: proving/);
  });
});
