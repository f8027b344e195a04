/** What `run` and `guard` cannot do: one clear message, exit code 1, and nothing left on the host. */
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { INTERCEPTING, LabHost, pathWithoutSetpriv, statusOf, untilGone } from './lab-host.ts';

const { available, reason } = requireLab('nft', 'setpriv');

const WITHOUT_NET_ADMIN = ['setpriv', '--bounding-set=-net_admin'];

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

  it('with a port that somebody has, and leaves their rules and interface alone', async () => {
    const host = new LabHost();
    const first = host.startRun();
    await first.waitForLine(INTERCEPTING);
    const said = first.lines().length;
    expect(await failureOf(host, ['-metrics-listen-address', '127.0.0.1:9354'])).toEqual([
      expect.stringMatching(/^udp 169\.254\.20\.10 port 53: address already in use by .*\(pid \d+\)/),
    ]);
    expect(host.page('/ready')).toBe('OK\n');
    expect(first.lines().slice(said)).toEqual([]);
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
    await run.waitForLine(INTERCEPTING);
    expect(run.lines()).toContainEqual(expect.stringMatching(/^\[WARNING\] serve runs as root: .*SETUID/));
    expect(statusOf(run.servePid())).toMatch(/^CapEff:\s*0000000000000400$/m);
  });

  it('without setpriv says what is weaker, and its child still ends with it', async () => {
    const host = new LabHost();
    // One of that name that is not util-linux's, as busybox has one.
    const run = host.startRun([], [], { PATH: pathWithoutSetpriv() });
    await run.waitForLine(INTERCEPTING);
    expect(run.lines()).toContainEqual(
      expect.stringMatching(/^\[WARNING\] without setpriv of util-linux \(.+\) serve runs as root/),
    );
    const serve = run.servePid();
    run.signal('SIGKILL');
    await untilGone(serve);
  });
});
