/**
 * What a killed daemon loses first: its sockets, which its main thread alone has (`cli/sockets-end-first.ts`). That this is so in every kind of
 * process that serves, and that it is in nobody's way: not of an end that is asked for, nor of files that are read meanwhile.
 */
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { childPrograms } from '../support/child-pids.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { allGone } from '../support/workers.ts';

const ANSWER = reply({ answers: ['@ 300 IN A 192.0.2.1'] });
const SERVING = /plugin\/multisocket: \d+ workers serve$/;

interface Served {
  readonly daemon: Daemon;
  readonly port: number;
  /** Of all processes that serve. */
  readonly pids: readonly number[];
}

async function startServing(lines: string, args: readonly string[] = [], count = 1): Promise<Served> {
  const upstream = await startScriptedUpstream(() => ANSWER);
  onTestFinished(() => upstream.close());
  const port = await freePort();
  const corefile = `.:${port} {
      bind 127.0.0.1
      multisocket ${count}
      ${lines}
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const daemon = await startDaemon({ corefile, args });
  if (count > 1) await daemon.waitForLine(SERVING);
  return { daemon, port, pids: [daemon.pid, ...childPrograms(daemon.pid)] };
}

/** Inodes of all UDP and TCP sockets of this network namespace. */
function internetSockets(): ReadonlySet<string> {
  const lines = ['udp', 'tcp'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'latin1').split('\n').slice(1),
  );
  return new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`));
}

/** How many of them each thread has; the main thread's number is the process's. */
function socketsOfThreads(pid: number): Map<number, number> {
  const sockets = internetSockets();
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return new Map(
    threads.map((thread) => [thread, openFiles(thread).filter((file) => sockets.has(file)).length]),
  );
}

function openFiles(thread: number): string[] {
  const directory = `/proc/${thread}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(`${directory}/${fd}`)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** The last four octets of an answer with one A record. */
async function addressOf(client: UdpClient, name: string): Promise<string> {
  return [...(await client.ask(rawQuery({ id: 1, name }))).subarray(-4)].join('.');
}

it.each(['auto', 'dgram'])(
  'has its sockets in the main thread alone, in each of its processes, with --udp=%s',
  async (udp) => {
    const { port, pids } = await startServing('cache', ['--udp', udp], 2);
    expect(pids).toHaveLength(2);
    const clients = await Promise.all(Array.from({ length: 16 }, () => TcpClient.open({ port })));
    for (const client of clients) client.write(framed(rawQuery({ id: 1, name: 'one.example' })));
    for (const client of clients) expect(await client.waitForMessages(1)).toHaveLength(1);
    for (const pid of pids) {
      const sockets = socketsOfThreads(pid);
      // Both listeners, and clients or upstreams.
      expect(sockets.get(pid)).toBeGreaterThan(2);
      const others = [...sockets].filter(([thread]) => thread !== pid);
      expect(others.filter(([, count]) => count > 0)).toEqual([]);
      expect(others.length).toBeGreaterThan(0);
    }
  },
);

it.each([
  { signal: 'SIGTERM', code: 0 },
  { signal: 'SIGQUIT', code: 0 },
] as const)('ends by itself with code $code at $signal', async ({ signal, code }) => {
  const { daemon, pids } = await startServing('cache', [], 2);
  daemon.signal(signal);
  expect(await daemon.ended).toEqual({ code, signal: null });
  await allGone(pids);
});

it('ends at once at a second SIGINT', async () => {
  const { daemon } = await startServing('cache\nhealth 127.0.0.1:0 {\nlameduck 1h\n}');
  daemon.signal('SIGINT');
  await daemon.waitForLine(/SIGINT: Shutting down/);
  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 2, signal: null });
});

it('takes no client’s connection when it closes a file that it has read, though both have the same number', async () => {
  const hosts = tempFile('198.51.100.1 first.test\n', 'hosts');
  const { port } = await startServing(`hosts ${hosts} {\nreload 10ms\nfallthrough\n}`);
  const udp = await UdpClient.open({ port });
  const clients = await Promise.all(Array.from({ length: 64 }, () => TcpClient.open({ port })));
  for (let round = 0; round < 20; round++) {
    const name = `n${round}.test`;
    writeFileSync(hosts, `198.51.100.1 ${name}${' '.repeat(round)}\n`);
    await eventually(async () => (await addressOf(udp, name)) === '198.51.100.1');
    for (const client of clients) client.write(framed(rawQuery({ id: round, name })));
  }
  for (const client of clients) expect(await client.waitForMessages(20)).toHaveLength(20);
});
