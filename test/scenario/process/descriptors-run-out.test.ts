/** No file descriptors left: whoever has one goes on, whoever needs one is told so, and all is well as soon as there are some. */
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { rawQuery } from '../../support/raw-message.ts';
import { reply } from '../../support/scripted-upstream.ts';
import { TcpClient, framed } from '../../support/tcp-client.ts';
import { findTool } from '../../support/tools.ts';
import { count, lowestFreeDescriptor, openSockets, processorMs, startSetting } from './setting.ts';

const prlimit = findTool('prlimit');
const reason = prlimit === undefined ? '(missing prlimit from the Debian package util-linux)' : '';

/** Soft limits only: the daemon may have as many again. */
function limitDescriptors(pid: number, soft: number): void {
  execFileSync(prlimit ?? '', [`--pid=${pid}`, `--nofile=${soft}:`]);
}

/** Begins so many connections; those that the daemon closes are told by the count. They end with the test. */
function openMany(port: number, howMany: number): { readonly closed: () => number; end(): void } {
  let closed = 0;
  const sockets = Array.from({ length: howMany }, (): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    return socket.on('close', () => closed++);
  });
  const end = (): void => sockets.forEach((socket) => void socket.destroy());
  onTestFinished(end);
  return { closed: () => closed, end };
}

/** Extended DNS Error 3, Stale Answer (RFC 8914 section 4.4). */
const STALE_ANSWER = '3';
const STALE = 'known.test. 30 IN A 192.0.2.1';
const FEW = /few file descriptors are left/;
const EMFILE = /no file descriptors are left/;
const AGAIN = /there are file descriptors again/;

describe.skipIf(prlimit === undefined)(`without file descriptors ${reason}`, () => {
  it.each([
    ['UDP', ''],
    ['TCP', 'force_tcp'],
  ])(
    'what is known is answered, what would need a %s socket gets SERVFAIL with the reason, and nothing spins',
    async (_, forward) => {
      const { daemon, ask, metrics } = await startSetting({
        forward: `expire 1s\n${forward}`,
        lines: 'cache 300',
      });
      const before = openSockets(daemon.pid);
      expect(await ask('known.test')).toMatchObject({ rcode: 'NOERROR' });
      // The socket of that query is gone after a second.
      await eventually(() => openSockets(daemon.pid) <= before);
      limitDescriptors(daemon.pid, lowestFreeDescriptor(daemon.pid));
      await daemon.waitForLine(EMFILE);
      const began = processorMs(daemon.pid);
      const sinceMs = performance.now();
      for (let i = 0; i < 20; i++) {
        expect(await ask('known.test')).toMatchObject({ rcode: 'NOERROR' });
        expect(await ask(`unknown-${i}.test`)).toMatchObject({
          rcode: 'SERVFAIL',
          error: '23 upstream: unreachable',
        });
      }
      // What lacks something might try again and again: there is time for it.
      await delay(2_000);
      const share = (processorMs(daemon.pid) - began) / (performance.now() - sinceMs);
      expect(share).toBeLessThan(0.2);
      limitDescriptors(daemon.pid, 512);
      await eventually(async () => (await ask(`later-${performance.now()}.test`)).rcode === 'NOERROR');
      await daemon.waitForLine(AGAIN, 25_000);
      expect((await metrics()).sum('nodelocaldns_trouble')).toBe(0);
      expect(count(daemon.lines(), EMFILE)).toBe(1);
      expect((await metrics()).sum('coredns_panics_total')).toBe(0);
    },
    50_000,
  );

  it('what has expired is answered as stale', async () => {
    const { daemon, upstream, ask } = await startSetting({
      script: () => reply({ answers: ['@ 1 IN A 192.0.2.1'] }),
      lines: 'cache {\n success 1024 3600 0\n serve_stale 1h immediate\n}',
      forward: 'force_tcp\nexpire 1s',
    });
    await ask('known.test');
    await upstream.waitForConnections(0);
    limitDescriptors(daemon.pid, lowestFreeDescriptor(daemon.pid));
    // Within a moment its second is over; the answer that stands for it says so.
    await eventually(async () => (await ask('known.test')).error === STALE_ANSWER);
    expect(await ask('known.test')).toMatchObject({ rcode: 'NOERROR', answer: [STALE] });
    expect(upstream.queries).toHaveLength(1);
  });

  it('clients cannot take the last ones: upstreams and pages have theirs, and UDP is served', async () => {
    const { daemon, port, ask, metrics } = await startSetting({
      prefix: [prlimit ?? '', '--nofile=256:256'],
    });
    const many = openMany(port, 600);
    await daemon.waitForLine(FEW);
    await eventually(() => many.closed() > 600 - 256);
    for (let i = 0; i < 20; i++) expect(await ask(`n${i}.test`)).toMatchObject({ rcode: 'NOERROR' });
    const seen = await metrics();
    expect(seen.sum('nodelocaldns_trouble', { kind: 'descriptors' })).toBe(1);
    // Whoever has many makes room, or is not let in.
    const refused = seen.sum('nodelocaldns_tcp_connections_rejected_total');
    expect(refused + seen.sum('nodelocaldns_tcp_connections_pushed_out_total')).toBe(many.closed());
    expect(seen.sum('process_open_fds')).toBeLessThan(256 - 32);
    many.end();
    await daemon.waitForLine(AGAIN, 25_000);
    expect((await metrics()).sum('nodelocaldns_trouble')).toBe(0);
    expect(count(daemon.lines(), FEW)).toBe(1);
  }, 40_000);

  it('TCP comes back by itself', async () => {
    const { daemon, port } = await startSetting();
    limitDescriptors(daemon.pid, lowestFreeDescriptor(daemon.pid));
    const many = openMany(port, 600);
    await eventually(() => many.closed() > 0);
    many.end();
    limitDescriptors(daemon.pid, 512);
    await eventually(() => isServedOverTcp(port));
  });
});

async function isServedOverTcp(port: number): Promise<boolean> {
  const client = await TcpClient.open({ port });
  client.write(framed(rawQuery({ name: 'a.test' })));
  const answered = client.waitForMessages(1).then(() => true);
  return Promise.race([answered, client.ended.then(() => false)]);
}
