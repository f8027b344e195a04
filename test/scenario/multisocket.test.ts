/**
 * Several processes on the same ports are one server to everybody: to clients, who lose nothing but what a worker took with it, to whoever
 * scrapes, stops or reloads it, and to a second daemon, which stays out.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { runCli, startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { getPage, scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import type { QueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { childPrograms } from '../support/child-pids.ts';
import { allGone, lives } from '../support/workers.ts';

/** Source ports: that the kernel gives all of them to one of two workers happens once in four billion runs. */
const CLIENTS = 33;
const WINDOW = 4;
const SERVING = /plugin\/multisocket: \d+ workers serve$/;

const ANSWER = reply({ answers: ['@ 300 IN A 192.0.2.1'] });
const REQUESTS = 'coredns_dns_requests_total';
const RESTARTS = 'nodelocaldns_worker_restarts_total';

interface Served {
  readonly daemon: Daemon;
  readonly upstream: ScriptedUpstream;
  readonly port: number;
  /** Of metrics, health and readiness. */
  readonly pages: number;
  readonly corefile: (workers: number, zone?: string) => string;
  /** All but the first process. */
  readonly workers: () => number[];
}

/** A daemon of so many processes, all of which serve; with one, of that one. */
async function startWorkers(
  count: number,
  script: Script = () => ANSWER,
  args: readonly string[] = [],
): Promise<Served> {
  const upstream = await startScriptedUpstream(script);
  onTestFinished(() => upstream.close());
  const [port, pages] = await Promise.all([freePort(), freePort()]);
  const corefile = (workers: number, zone = '.'): string => `${zone}:${port} {
      bind 127.0.0.1
      multisocket ${workers}
      errors
      prometheus 127.0.0.1:${pages}
      health 127.0.0.1:${pages}
      ready 127.0.0.1:${pages} {
        monitor continuously
      }
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const daemon = await startDaemon({ corefile: corefile(count), args });
  if (count > 1) await daemon.waitForLine(SERVING);
  return { daemon, upstream, port, pages, corefile, workers: () => childPrograms(daemon.pid) };
}

const query = (name: string, id = 1): Buffer => rawQuery({ id, name });

const clientsOf = (port: number, count = CLIENTS): Promise<UdpClient[]> =>
  Promise.all(Array.from({ length: count }, () => UdpClient.open({ port })));

const streamsOf = (port: number, timeoutMs = 5_000): Promise<QueryStream[]> =>
  Promise.all(
    Array.from({ length: CLIENTS }, (_, client) =>
      startQueryStream({
        port,
        window: WINDOW,
        timeoutMs,
        query: (number) => query(number % 2 === 0 ? 'known.example' : `n${number}.c${client}.example`),
      }),
    ),
  );

const allSettled = (streams: readonly QueryStream[], count: number): Promise<void[]> =>
  Promise.all(streams.map((stream) => stream.settled(stream.settledCount + count)));

/** Behind the program's own name, as `ps` shows them. */
/** Behind the program's name. */
const argumentsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(1);

function killIfAlive(pid: number): void {
  if (lives(pid)) process.kill(pid, 'SIGKILL');
}

it.each(['auto', 'batch', 'dgram'])('answers from both, and adds both up, with --udp=%s', async (udp) => {
  const { daemon, upstream, port, pages, workers } = await startWorkers(2, undefined, ['--udp', udp]);
  const startSeconds = (await scrape(pages)).sum('process_start_time_seconds');
  const clients = await clientsOf(port);
  for (const client of clients) {
    expect(readReply(await client.ask(query('one.example'))).answer).toHaveLength(1);
    await client.ask(query('two.example', 2));
  }
  const connections = await Promise.all(clients.map(() => TcpClient.open({ port })));
  for (const connection of connections) connection.write(framed(query('one.example')));
  for (const connection of connections) expect(await connection.waitForMessages(1)).toHaveLength(1);
  const page = await scrape(pages);
  expect(page.sum(REQUESTS, { proto: 'udp' })).toBe(2 * CLIENTS);
  expect(page.sum(REQUESTS, { proto: 'tcp' })).toBe(CLIENTS);
  expect(page.sum('coredns_dns_request_duration_seconds_count')).toBe(3 * CLIENTS);
  // Each has a cache of its own, and asked for itself.
  expect(upstream.queries.map(({ name }) => name).toSorted()).toEqual([
    'one.example.',
    'one.example.',
    'two.example.',
    'two.example.',
  ]);
  expect(page.sum('coredns_cache_misses_total')).toBe(4);
  expect(page.sum('coredns_cache_entries', { type: 'success' })).toBe(4);
  // What is one thing for all is there once.
  expect(page.sum('coredns_build_info')).toBe(1);
  expect(page.sum('coredns_plugin_enabled', { name: 'cache' })).toBe(1);
  expect(page.sum('process_start_time_seconds')).toBe(startSeconds);
  expect(page.sum('nodelocaldns_workers')).toBe(2);
  expect(daemon.lines().filter((line) => /\bserving on\b/.test(line))).toHaveLength(1);
  const [worker] = workers();
  const collectsAlone = '--single-threaded-gc';
  const others = argumentsOf(daemon.pid).filter((argument) => argument !== collectsAlone);
  expect(argumentsOf(worker).filter((argument) => argument !== collectsAlone)).toEqual(others);
  expect(argumentsOf(worker)).toContain(collectsAlone);
});

it('without a number there are as many as processors', async () => {
  const [port, processors] = [await freePort(), availableParallelism()];
  const daemon = await startDaemon({ corefile: `.:${port} {\n bind 127.0.0.1\n multisocket\n whoami\n}\n` });
  if (processors > 1) await daemon.waitForLine(new RegExp(`multisocket: ${processors} workers serve$`));
  expect(childPrograms(daemon.pid)).toHaveLength(processors - 1);
});

it('with one is what it always was: one process, and no metrics of workers', async () => {
  const { daemon, pages, port, workers } = await startWorkers(1);
  const client = await UdpClient.open({ port });
  await client.ask(query('one.example'));
  expect(workers()).toEqual([]);
  const { families } = await scrape(pages);
  expect([...families.keys()].filter((name) => name.startsWith('nodelocaldns_worker'))).toEqual([]);
  expect(daemon.lines().filter((line) => line.includes('multisocket'))).toEqual([]);
});

it('is ready when every worker is, and replaces one that dies: it alone takes queries with it', async () => {
  const { daemon, port, pages, workers } = await startWorkers(2, () => later(2, ANSWER));
  expect(await getPage(pages, '/ready')).toMatchObject({ status: 200 });
  const streams = await streamsOf(port, 4_000);
  await allSettled(streams, 50);
  const [worker] = workers();
  process.kill(worker, 'SIGSTOP');
  onTestFinished(() => killIfAlive(worker));
  // Whom it answers waits from now on, with as many queries as the window holds; the others go on.
  const began = streams.map(({ settledCount }) => settledCount);
  const progress = (): number[] => streams.map(({ settledCount }, index) => settledCount - began[index]);
  await eventually(() => Math.max(...progress()) > 200);
  const moving = progress().map((count) => count > WINDOW);
  expect(new Set(moving)).toEqual(new Set([true, false]));
  const before = await scrape(pages);
  expect(before.sum('nodelocaldns_worker_late_numbers_total')).toBe(1);

  const died = daemon.waitForLine(/worker 1 \(pid \d+\) ended/);
  process.kill(worker, 'SIGKILL');
  expect(await died).toBe(
    `[ERROR] plugin/multisocket: worker 1 (pid ${worker}) ended: killed by SIGKILL; another one starts in 100 ms`,
  );
  expect(await getPage(pages, '/ready')).toMatchObject({ status: 503, body: 'worker 1' });
  await eventually(async () => (await getPage(pages, '/ready')).status === 200);
  expect(workers()).toHaveLength(1);
  expect(workers()).not.toEqual([worker]);
  await allSettled(streams, 50);
  const reports = await Promise.all(streams.map((stream) => stream.stop()));
  for (const [index, { lost }] of reports.entries()) {
    expect(lost.length, `stream ${index}`).toBeLessThanOrEqual(moving[index] ? 0 : WINDOW);
  }
  const after = await scrape(pages);
  expect(after.sum(RESTARTS)).toBe(1);
  for (const { series } of before.families.values()) {
    for (const { name } of series.filter((one) => /_(?:total|count|bucket)$/.test(one.name))) {
      expect(after.sum(name), name).toBeGreaterThanOrEqual(before.sum(name));
    }
  }
});

it('ends with the first process, even by SIGKILL, and leaves the port free', async () => {
  const { daemon, port, workers } = await startWorkers(3);
  const others = workers();
  expect(others).toHaveLength(2);
  daemon.signal('SIGKILL');
  await daemon.ended;
  await allGone(others);
  expect(await isFree(port)).toBe(true);
});

it.each([1, 2])('keeps a second daemon out that wants %i of its own', async (count) => {
  const { daemon, port, corefile } = await startWorkers(2);
  const file = tempFile(corefile(count).replaceAll(/^.*(?:prometheus|health) .*$/gm, ''));
  const { code, stderr } = await runCli(['serve', '--conf', file]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      String.raw`^Listen: listen udp 127\.0\.0\.1:${port}: bind: address already in use, held by .+ \(pid ${daemon.pid}\)`,
    ),
  );
});

it('loses no query when a worker is told to end under load', async () => {
  const { daemon, port, pages, workers } = await startWorkers(2);
  const streams = await streamsOf(port);
  for (let round = 1; round <= 3; round++) {
    await allSettled(streams, 20);
    const ended = daemon.waitForNextLine(/worker 1 .* ended: exit code 0;/);
    for (const worker of workers()) process.kill(worker, 'SIGTERM');
    await ended;
    await eventually(async () => (await getPage(pages, '/ready')).status === 200);
  }
  await allSettled(streams, 20);
  const reports = await Promise.all(streams.map((stream) => stream.stop()));
  expect(reports.flatMap(({ lost }) => lost)).toEqual([]);
  const asked = reports.reduce((sum, report) => sum + report.asked, 0);
  expect((await scrape(pages)).sum(REQUESTS)).toBe(asked);
});

it('loses no query in reloads, and every worker takes the new configuration over', async () => {
  const { daemon, port, pages, corefile } = await startWorkers(2, () => later(2, ANSWER));
  const streams = await streamsOf(port);
  for (let reload = 1; reload <= 6; reload++) {
    await allSettled(streams, 10);
    const done = daemon.waitForNextLine(/Reloading complete|Restart failed/);
    const other = `added${reload}.example:${port} {\n  bind 127.0.0.1\n  whoami\n}\n`;
    daemon.reload(corefile(2) + other);
    daemon.signal('SIGUSR1');
    expect(await done).toBe('[INFO] Reloading complete');
  }
  await allSettled(streams, 10);
  const reports = await Promise.all(streams.map((stream) => stream.stop()));
  expect(reports.flatMap(({ lost }) => lost)).toEqual([]);
  expect(reports.map(({ asked, rcodes }) => rcodes[0] === asked)).not.toContain(false);
  // The last one has a block that the first had not: whoami answers there.
  const clients = await clientsOf(port);
  await eventually(async () => {
    const answers = await Promise.all(clients.map((client) => client.ask(query('added6.example'))));
    return answers.every((message) => readReply(message).additional.length > 0);
  });
  const page = await scrape(pages);
  expect(page.sum(RESTARTS)).toBe(0);
  expect(page.sum('coredns_reload_failed_total')).toBe(0);
});

it('grows and shrinks by a reload', async () => {
  const { daemon, port, pages, corefile, workers } = await startWorkers(2);
  const reload = async (count: number): Promise<void> => {
    const done = daemon.waitForNextLine(SERVING);
    daemon.reload(corefile(count));
    daemon.signal('SIGUSR1');
    if (count > 1) expect(await done).toContain(`${count} workers serve`);
  };
  const clients = await clientsOf(port);
  let asked = 0;
  const everyoneAsks = async (): Promise<void> => {
    for (const client of clients) await client.ask(query('one.example', asked++));
    expect((await scrape(pages)).sum(REQUESTS)).toBe(asked);
  };
  await everyoneAsks();
  await reload(3);
  expect(workers()).toHaveLength(2);
  await everyoneAsks();
  await reload(2);
  await eventually(() => workers().length === 1);
  await everyoneAsks();
  daemon.reload(corefile(1));
  daemon.signal('SIGUSR1');
  await eventually(() => workers().length === 0);
  await everyoneAsks();
  await reload(2);
  await everyoneAsks();
  expect((await scrape(pages)).sum(RESTARTS)).toBe(0);
});

it('does not grow from one by a reload, and says what to do', async () => {
  const { daemon, port, corefile } = await startWorkers(1);
  const failed = daemon.waitForLine(/Restart failed/);
  daemon.reload(corefile(2));
  daemon.signal('SIGUSR1');
  expect(await failed).toBe(
    '[ERROR] Restart failed: plugin/multisocket: from 1 to 2 is not possible while serving: restart the daemon',
  );
  const client = await UdpClient.open({ port });
  expect(readReply(await client.ask(query('one.example')))).toMatchObject({ rcode: 'NOERROR' });
});

it('answers in every worker what is on its way before it stops', async () => {
  const answered = Promise.withResolvers<void>();
  const { daemon, upstream, port, workers } = await startWorkers(2, () => later(answered.promise, ANSWER));
  const clients = await clientsOf(port);
  const replies = clients.map((client, index) => client.ask(query(`n${index}.example`)));
  await upstream.waitForQueries(CLIENTS);
  const others = workers();
  const stopping = daemon.waitForLine(/SIGTERM: Shutting down/);
  daemon.signal('SIGTERM');
  await stopping;
  answered.resolve();
  const rcodes = (await Promise.all(replies)).map((message) => readReply(message).rcode);
  expect(new Set(rcodes)).toEqual(new Set(['NOERROR']));
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  await allGone(others);
  expect(await isFree(port)).toBe(true);
  expect(daemon.lines().filter((line) => line.includes('ended'))).toEqual([]);
});

it('replaces a worker that is told to end, after it has answered', async () => {
  const answered = Promise.withResolvers<void>();
  const { daemon, upstream, port, pages, workers } = await startWorkers(2, () =>
    later(answered.promise, ANSWER),
  );
  const clients = await clientsOf(port);
  const replies = clients.map((client, index) => client.ask(query(`n${index}.example`)));
  await upstream.waitForQueries(CLIENTS);
  const [worker] = workers();
  const ended = daemon.waitForLine(/worker 1 .* ended/);
  process.kill(worker, 'SIGTERM');
  answered.resolve();
  const rcodes = (await Promise.all(replies)).map((message) => readReply(message).rcode);
  expect(new Set(rcodes)).toEqual(new Set(['NOERROR']));
  expect(await ended).toBe(
    `[WARNING] plugin/multisocket: worker 1 (pid ${worker}) ended: exit code 0; another one starts in 100 ms`,
  );
  await eventually(async () => (await getPage(pages, '/ready')).status === 200);
  // What it had counted it said with its last word.
  expect((await scrape(pages)).sum(REQUESTS)).toBe(CLIENTS);
});
