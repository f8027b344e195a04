/** What the kernel is told of connections to upstreams; what it makes of it, test/lab/serve/dead-peer.test.ts tries with a host that goes. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import { reply } from '../support/scripted-upstream.ts';
import { selfSigned } from '../support/self-signed.ts';
import { requireTools, toolPath } from '../support/tools.ts';
import { lastOctet, openUpstream, serve } from './open-upstream.ts';

const libc = await loadLibc().catch(() => undefined);
const { available, reason } = requireTools('ss');
const IDENTITY = selfSigned('dns.test', '127.0.0.1');
const [IPPROTO_TCP, TCP_USER_TIMEOUT] = [6, 18];

const timers = (port: number): string =>
  execFileSync(toolPath('ss'), ['-Htno', 'state', 'established', 'dst', `127.0.0.1:${port}`], {
    encoding: 'utf8',
  });

describe.skipIf(libc === undefined || !available)(`a connection (where koffi works) ${reason}`, () => {
  it.each(['dns', 'tls'] as const)('is given up soon when its peer is gone: %s', async (protocol) => {
    if (libc === undefined) throw new Error('there is no C library');
    const setsockopt = vi.spyOn(libc, 'setsockopt');
    onTestFinished(() => setsockopt.mockRestore());
    const server = await serve(
      () => reply({ answers: ['@ 30 IN A 192.0.2.1'] }),
      protocol === 'tls' ? { tls: IDENTITY } : {},
    );
    const { ask } = openUpstream(
      { host: server.host, port: server.port, protocol },
      { tls: { ca: IDENTITY.cert } },
    );
    expect(lastOctet(await ask('a.test', 'tcp'))).toBe(1);
    // Without it: two hours.
    expect(timers(server.port)).toMatch(/timer:\(keepalive,(\d{1,3}ms|1sec)/);
    const timeouts = setsockopt.mock.calls.filter(
      ([, level, option]) => level === IPPROTO_TCP && option === TCP_USER_TIMEOUT,
    );
    expect(timeouts.map(([, , , value]) => Buffer.from(value).readInt32LE())).toEqual([1_000]);
    expect(setsockopt.mock.results.map(({ value }) => value as number)).not.toContain(-1);
  });
});
