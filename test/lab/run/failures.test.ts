/** What `run` and `guard` cannot do: one clear message, exit code 1, and nothing left on the host. */
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { requireLab } from '../support/namespace.ts';
import {
  ADDRESSES,
  LabHost,
  pathWithoutSetpriv,
  statusOf,
  untilGone,
  untilIntercepting,
} from './lab-host.ts';

const { available, reason } = requireLab('nft', 'iptables', 'setpriv', 'dig');

const WITHOUT_NET_ADMIN = ['setpriv', '--bounding-set=-net_admin'];

const WITHOUT_NET_RAW = ['setpriv', '--bounding-set=-net_raw'];

const HOLD_PORT_53 =
  "require('dgram').createSocket('udp4').bind(53, process.argv[1], () => console.log('holding'))";

async function failureOf(
  host: LabHost,
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<string[]> {
  const run = host.startRun(args, prefix);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  return run.lines().filter((line) => !line.startsWith('[INFO]'));
}

describe.skipIf(!available)(`run cannot begin ${reason}`, () => {
  it('without NET_ADMIN', async () => {
    const host = new LabHost();
    const before = host.state();
    expect(await failureOf(host, [], WITHOUT_NET_ADMIN)).toEqual([
      expect.stringMatching(/^the capability NET_ADMIN is missing, and interface and rules need it/),
    ]);
    expect(host.state()).toBe(before);
  });

  it('with a Corefile that its child may not read', async () => {
    const host = new LabHost();
    chmodSync(host.corefilePath, 0o600);
    expect(await failureOf(host, [])).toEqual([
      expect.stringMatching(/Corefile cannot be read by user 65532, as which serve runs/),
    ]);
  });

  it('with a Corefile that does not load: its message is passed on, and the host is given back', async () => {
    const host = new LabHost('.:53 {\n  bogus\n}\n');
    const before = host.state();
    const lines = await failureOf(host, []);
    expect(lines).toContainEqual(expect.stringMatching(/Corefile:2 - .*bogus/));
    expect(lines).toContainEqual(expect.stringMatching(/serve could not begin: exit code 1/));
    expect(host.state()).toBe(before);
  });

  it('beside another one, whose rules and interface it leaves alone', async () => {
    const host = new LabHost();
    const first = host.startRun();
    await untilIntercepting(first);
    await eventually(() => host.page('/ready') === 'OK\n');
    const said = first.lines().length;
    expect(await failureOf(host, ['-metrics-listen-address', '127.0.0.1:9354'])).toEqual([
      `process ${first.pid} of nodelocaldns guards the rules of this host already; the host was not touched`,
    ]);
    expect(host.page('/ready')).toBe('OK\n');
    expect(first.lines().slice(said)).toEqual([]);
  });

  it('when two are started at once: one does, and is not disturbed by the other', async () => {
    const host = new LabHost();
    const both = [host.startRun(), host.startRun(['-metrics-listen-address', '127.0.0.1:9354'])] as const;
    const loser = await Promise.race(both.map(async (run) => ({ run, ending: await run.ended })));
    expect(loser.ending).toEqual({ code: 1, signal: null });
    const winner = loser.run === both[0] ? both[1] : both[0];
    await untilIntercepting(winner);
    expect(loser.run.lines()).toEqual([
      `process ${winner.pid} of nodelocaldns guards the rules of this host already; the host was not touched`,
    ]);
    expect(host.asks(ADDRESSES[0])).toBe('192.0.2.1');
  });

  it('with a port that another program has', async () => {
    const host = new LabHost();
    host.namespace.run('ip', 'link', 'add', 'nodelocaldns', 'type', 'bridge');
    host.namespace.run('ip', 'addr', 'add', `${ADDRESSES[0]}/32`, 'dev', 'nodelocaldns');
    const holder = host.start([process.execPath, '-e', HOLD_PORT_53, ADDRESSES[0]]);
    await holder.waitForLine(/^holding$/);
    const before = host.state();
    expect(await failureOf(host, [])).toEqual([
      expect.stringMatching(/^udp 169\.254\.20\.10 port 53: address already in use by .*\(pid \d+\)/),
    ]);
    expect(host.state()).toBe(before);
  });

  it('with a process id file that cannot be written', async () => {
    const host = new LabHost();
    const before = host.state();
    expect(await failureOf(host, ['-pidfile', '/nowhere/pid'])).toEqual([
      expect.stringMatching(/^--pidfile: ENOENT.*\/nowhere\/pid/),
    ]);
    expect(host.state()).toBe(before);
  });

  it('with legacy iptables and without NET_RAW, which those take', async () => {
    const host = new LabHost();
    host.namespace.run('iptables-legacy', '-t', 'raw', '-L');
    expect(await failureOf(host, ['--rules=iptables'], WITHOUT_NET_RAW)).toEqual([
      expect.stringMatching(
        /^the capabilities that it takes are missing \(NET_ADMIN and NET_RAW\): iptables-legacy/,
      ),
    ]);
  });

  it('with an interface of that name that is something else', async () => {
    const host = new LabHost();
    host.namespace.run('ip', 'link', 'add', 'nodelocaldns', 'type', 'veth', 'peer', 'name', 'other');
    const before = host.state();
    const lines = await failureOf(host, []);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/nodelocaldns/);
    expect(host.state()).toBe(before);
  });
});

describe.skipIf(!available)(`run with less than it should have ${reason}`, () => {
  it('keeps root where it may not become another user, says so, and takes NET_ADMIN from its child', async () => {
    const host = new LabHost();
    const run = host.startRun([], ['setpriv', '--bounding-set=-setuid', '--']);
    await untilIntercepting(run);
    expect(run.lines()).toContainEqual(expect.stringMatching(/^\[WARNING\] serve runs as root: .*SETUID/));
    expect(statusOf(run.servePid())).toMatch(/^CapEff:\s*0000000000000400$/m);
  });

  it('has rules in nftables though it may not look at legacy ones, and says so', async () => {
    const host = new LabHost();
    host.namespace.run('iptables-legacy', '-t', 'raw', '-L');
    const run = host.startRun([], WITHOUT_NET_RAW);
    await untilIntercepting(run);
    expect(run.lines()).toContainEqual(
      expect.stringMatching(/^\[WARNING\] guard: not all of this host's iptables can be looked at/),
    );
  });

  it('without setpriv says what is weaker, and its child still ends with it', async () => {
    const host = new LabHost();
    // One of that name that is not util-linux's, as busybox has one.
    const run = host.startRun([], [], { PATH: pathWithoutSetpriv() });
    await untilIntercepting(run);
    expect(run.lines()).toContainEqual(
      expect.stringMatching(/^\[WARNING\] without setpriv of util-linux \(.+\) serve runs as root/),
    );
    const serve = run.servePid();
    run.signal('SIGKILL');
    await untilGone(serve);
  });
});
