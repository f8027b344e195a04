/**
 * The guard with a real server, real rules and a real interface, alone on a node: it lets in what answers, takes back what does not, puts
 * right what others change, and can be replaced.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Child } from '../../support/child.ts';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { Namespace, requireLab } from '../support/namespace.ts';

const { available, reason } = requireLab('nft');

const LINK = 'nodelocaldns';
const IPV4 = '169.254.20.10';
const IPV6 = 'fd53::10';
const ADDRESSES = [IPV4, IPV6];
const READY = /not ready: 0/;
const NOT_READY = /not ready: 2/;

class Node {
  readonly namespace = Namespace.create('guard');
  private readonly corefile: string;

  constructor() {
    const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-guard-lab-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    this.corefile = join(directory, 'Corefile');
    writeFileSync(this.corefile, `.:53 {\n bind ${ADDRESSES.join(' ')}\n whoami\n}\n`);
  }

  startGuard(): Child {
    const command = [process.execPath, join(import.meta.dirname, 'guard-process.ts'), LINK, ...ADDRESSES];
    return this.namespace.start(command);
  }

  startTraffic(): Child {
    return this.namespace.start([
      process.execPath,
      join(import.meta.dirname, 'traffic-process.ts'),
      ...ADDRESSES,
    ]);
  }

  async startServe(): Promise<Child> {
    const command = [process.execPath, 'src/main.ts', 'serve', '--conf', this.corefile];
    const serve = this.namespace.start(command, { cwd: REPOSITORY_ROOT });
    await serve.waitForLine(/\bserving\b/);
    return serve;
  }

  /** Guard and server, intercepting. */
  async intercepting(): Promise<{ guard: Child; serve: Child }> {
    const guard = this.startGuard();
    await guard.waitForLine(NOT_READY);
    const serve = await this.startServe();
    await guard.waitForLine(READY);
    return { guard, serve };
  }

  /** Addresses in the sets of this kind. */
  set(kind: 'armed' | 'live'): string[] {
    return ADDRESSES.filter((address) => {
      const name = `${kind}${address.includes(':') ? 6 : 4}`;
      const element = `{ ${address} }`;
      return this.namespace.succeeds('nft', 'get', 'element', 'inet', 'nodelocaldns', name, element);
    });
  }

  ruleset(): string {
    return this.namespace.run('nft', 'list', 'ruleset');
  }
}

describe.skipIf(!available)(`the guard on a node ${reason}`, () => {
  it('intercepts what answers, and leaves nothing behind', async () => {
    const node = new Node();
    const before = node.ruleset();
    const guard = node.startGuard();
    await guard.waitForLine(NOT_READY);
    expect(node.set('armed')).toEqual([]);
    await node.startServe();
    await guard.waitForLine(READY);
    expect(node.set('armed')).toEqual(ADDRESSES);
    expect(node.set('live')).toEqual(ADDRESSES);
    guard.signal('SIGTERM');
    expect(await guard.ended).toEqual({ code: 0, signal: null });
    expect(node.ruleset()).toBe(before);
    expect(node.namespace.succeeds('ip', 'link', 'show', LINK)).toBe(false);
  });

  it('takes back what does not answer, and lets it in again', async () => {
    const node = new Node();
    const { guard, serve } = await node.intercepting();
    serve.signal('SIGSTOP');
    await guard.waitForLine(/fallback: probes are not answered and the lease has lapsed/);
    // Each address has a lease of its own, and they need not lapse in the same look.
    await eventually(() => node.set('armed').length === 0);
    serve.signal('SIGCONT');
    await guard.waitForNextLine(READY);
    expect(node.set('armed')).toEqual(ADDRESSES);
  });

  it('puts right flushed rules within 1.5 s, without a fallback', async () => {
    const node = new Node();
    const { guard } = await node.intercepting();
    const beganMs = performance.now();
    node.namespace.run('nft', 'flush', 'ruleset');
    await eventually(() => node.set('armed').length === 2 && node.set('live').length === 2);
    expect(performance.now() - beganMs).toBeLessThan(1_500);
    await guard.waitForLine(/rules repaired/);
    expect(guard.lines().join('\n')).not.toMatch(/fallback/);
  });

  it('puts right a deleted interface within 1.5 s, without a fallback', async () => {
    const node = new Node();
    const { guard } = await node.intercepting();
    const repaired = guard.waitForLine(/interface repaired/);
    const beganMs = performance.now();
    node.namespace.run('ip', 'link', 'delete', LINK);
    await repaired;
    expect(performance.now() - beganMs).toBeLessThan(1_500);
    await eventually(() => node.set('live').length === 2);
    expect(guard.lines().join('\n')).not.toMatch(/fallback/);
  });

  it('takes over what another one left and traffic has kept, untouched', async () => {
    const node = new Node();
    const { guard } = await node.intercepting();
    node.startTraffic();
    // What is counted while the new one starts: any transaction of the table.
    const monitor = node.namespace.start(['nft', 'monitor', 'ruleset']);
    guard.signal('SIGKILL');
    await guard.ended;
    const next = node.startGuard();
    await next.waitForLine(/intercepting: it was intercepted already, and is answered/);
    await next.waitForLine(READY);
    expect(node.set('armed')).toEqual(ADDRESSES);
    expect(monitor.lines().filter((line) => /(?:delete|add) (?:table|rule|chain)|armed/.test(line))).toEqual(
      [],
    );
  });

  it('takes over nothing whose server is gone', async () => {
    const node = new Node();
    const { guard, serve } = await node.intercepting();
    guard.signal('SIGKILL');
    serve.signal('SIGKILL');
    await Promise.all([guard.ended, serve.ended]);
    const next = node.startGuard();
    await next.waitForLine(NOT_READY);
    expect(node.set('armed')).toEqual([]);
  });
});
