/** A reload that fails changes nothing but a line of the log and a counter, and can be tried again. */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { rmSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { getPage, scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

interface Served {
  readonly daemon: Daemon;
  readonly metrics: number;
  /** The Corefile that serves, with these blocks behind it. */
  readonly corefile: (more?: string) => string;
  /** Signals a reload and gives the line that says what became of it. */
  readonly reload: (corefile: string) => Promise<string>;
  /** Asserts that clients see what they saw before, the cache included. */
  readonly expectUnchanged: () => Promise<void>;
  readonly expectFailures: (count: number) => Promise<void>;
}

async function startServing(): Promise<Served> {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  const corefile = (more = ''): string => `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metrics}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
${more}`;
  const daemon = await startDaemon({ corefile: corefile() });
  const client = await UdpClient.open({ port });
  const ask = async (): Promise<void> => {
    const { answer } = readReply(await client.ask(rawQuery({ name: 'www.example' })));
    expect(answer).toEqual([expect.stringMatching(/192\.0\.2\.1$/)]);
  };
  await ask();
  return {
    daemon,
    metrics,
    corefile,
    reload: (next) => {
      const done = daemon.waitForNextLine(/Reloading complete|Restart failed/);
      daemon.reload(next);
      daemon.signal('SIGUSR1');
      return done;
    },
    expectUnchanged: async () => {
      await ask();
      expect(upstream.queries).toHaveLength(1);
    },
    expectFailures: async (count) => {
      expect((await scrape(metrics)).sum('coredns_reload_failed_total')).toBe(count);
    },
  };
}

it.each([
  ['cannot be parsed', '.:1 {\n  whoami\n', /FILE:8 - Syntax error: Unexpected token 'whoami'/],
  [
    'has an unknown directive',
    'x:1 {\n  nonsense\n}\n',
    /FILE:8 - Error during parsing: Unknown directive 'nonsense'/,
  ],
  [
    'has a wrong value',
    'x:1 {\n  cache 0\n}\n',
    /plugin\/cache: FILE:8 - Error during parsing: cache TTL can not be zero/,
  ],
  [
    'contradicts itself',
    'x:1 {\n  whoami\n}\nx:1 {\n  whoami\n}\n',
    /FILE:10 - cannot serve dns:\/\/x\.:1 - it is already defined/,
  ],
])('leaves everything as it is when the Corefile %s', async (_, more, complaint) => {
  const { daemon, corefile, reload, expectUnchanged, expectFailures } = await startServing();
  const said = daemon.lines().length;
  const line = await reload(corefile(more));
  expect(line).toMatch(/^\[ERROR\] Restart failed: /);
  expect(line.replaceAll(daemon.corefilePath, 'FILE')).toMatch(complaint);
  await expectUnchanged();
  await expectFailures(1);
  expect(daemon.lines().slice(said)).toEqual(['[INFO] SIGUSR1: Reloading', line]);
  expect(await reload(corefile())).toBe('[INFO] Reloading complete');
  await expectUnchanged();
  await expectFailures(1);
});

it('leaves everything as it is when the Corefile is gone or empty', async () => {
  const { daemon, corefile, reload, expectUnchanged, expectFailures } = await startServing();
  expect(await reload('# nothing\n')).toMatch(/^\[ERROR\] Restart failed: .*no server block found$/);
  const done = daemon.waitForNextLine(/Restart failed/);
  rmSync(daemon.corefilePath);
  daemon.signal('SIGUSR1');
  expect(await done).toMatch(
    /^\[ERROR\] Restart failed: loading Corefile: open .*: no such file or directory$/,
  );
  await expectUnchanged();
  await expectFailures(2);
  expect(await reload(corefile())).toBe('[INFO] Reloading complete');
});

async function hold(port: number): Promise<Server> {
  const holder = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());
  return holder;
}

it.each([
  ['DNS', (taken: number, free: number) => `x:${free} x:${taken} {\n bind 127.0.0.1\n whoami\n}\n`],
  [
    'metrics',
    (taken: number, free: number) =>
      `x:${free} {\n bind 127.0.0.1\n whoami\n prometheus 127.0.0.1:${taken}\n}\n`,
  ],
])('fails as a whole when a port for %s is taken, and works once it is free', async (_, block) => {
  const { corefile, reload, expectUnchanged, expectFailures } = await startServing();
  const [taken, free] = await Promise.all([freePort(), freePort()]);
  const holder = await hold(taken);
  const next = corefile(block(taken, free));
  expect(await reload(next)).toMatch(
    new RegExp(String.raw`Restart failed: .*listen tcp 127\.0\.0\.1:${taken}: .*\(pid ${process.pid}\)$`),
  );
  // What could have been bound is let go again.
  expect(await isFree(free)).toBe(true);
  await expectUnchanged();
  await expectFailures(1);
  await new Promise((closed) => holder.close(closed));
  expect(await reload(next)).toBe('[INFO] Reloading complete');
  const client = await UdpClient.open({ port: free });
  expect(readReply(await client.ask(rawQuery({ name: 'x' }))).rcode).toBe('NOERROR');
  await expectUnchanged();
});

it('keeps the connections to its pages, through reloads that work and that fail', async () => {
  const { metrics, corefile, reload } = await startServing();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  /** Whether the connection was there already. */
  const ask = async (): Promise<boolean> => {
    const request = get({ port: metrics, host: '127.0.0.1', path: '/metrics', agent });
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    await once(response, 'end');
    return request.reusedSocket;
  };
  expect(await ask()).toBe(false);
  expect(await reload(corefile('# a comment\n'))).toMatch(/complete/);
  expect(await ask()).toBe(true);
  expect(await reload(corefile('x:1 {\n  nonsense\n}\n'))).toMatch(/failed/);
  expect(await ask()).toBe(true);
  const moved = await freePort();
  expect(await reload(corefile().replaceAll(`:${metrics}`, `:${moved}`))).toMatch(/complete/);
  expect(await getPage(moved, '/metrics')).toMatchObject({ status: 200 });
  await expect(getPage(metrics, '/metrics')).rejects.toThrow();
});
