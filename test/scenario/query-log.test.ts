/** What the log says of queries and failures, in both of its formats, and what happens when nobody reads it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { Fifo } from '../observe/fifo.ts';
import { REPOSITORY_ROOT, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery } from '../support/raw-message.ts';
import { closeConnection, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';

const SOA = 'org. 30 IN SOA ns.org. root.org. 1 1 1 1 30';

async function startUpstream(): Promise<number> {
  const upstream = await startScriptedUpstream(({ name }) => {
    if (name.startsWith('nobody')) return reply({ rcode: 'NXDOMAIN', authority: [SOA] });
    if (name.startsWith('fails')) return closeConnection();
    return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  });
  onTestFinished(() => upstream.close());
  return upstream.port;
}

const corefile = (port: number, upstream: number, log: string): string => `.:${port} {
      bind 127.0.0.1
      errors
      ${log}
      cache
      forward . 127.0.0.1:${upstream} {
        force_tcp
        max_fails 0
      }
    }
`;

it('writes a line for each query, as CoreDNS does', async () => {
  const [port, upstream] = await Promise.all([freePort(), startUpstream()]);
  const daemon = await startDaemon({ corefile: corefile(port, upstream, 'log') });
  const said = daemon.lines().length;
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'WWW.example.org', id: 7 }));
  await client.ask(rawQuery({ name: 'nobody.org', id: 8, type: 'AAAA', edns: { dnssecOk: true } }));
  await client.ask(rawQuery({ name: 'fails.org', id: 9 }));
  const overTcp = await TcpClient.open({ port });
  overTcp.write(framed(rawQuery({ name: 'www.example.org', id: 10, flags: 0 })));
  await overTcp.waitForMessages(1);
  await daemon.waitForLine(/ - 10 /);
  const lines = daemon.lines().slice(said);
  const from = `^\\[INFO\\] 127\\.0\\.0\\.1:${client.port} - `;
  const took = String.raw` \d+(?:\.\d+)?s$`;
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(`${from}7 "A IN www\\.example\\.org\\. udp 33 false 512" NOERROR qr,rd,ra 49${took}`),
    ),
    expect.stringMatching(
      new RegExp(`${from}8 "AAAA IN nobody\\.org\\. udp 39 true 1232" NXDOMAIN qr,rd,ra \\d+${took}`),
    ),
    expect.stringMatching(
      new RegExp(`${from}9 "A IN fails\\.org\\. udp 27 false 512" SERVFAIL qr,rd,ra 27${took}`),
    ),
    expect.stringMatching(/^\[ERROR\] plugin\/errors: 2 fails\.org\. A: read tcp .*: EOF$/),
    expect.stringMatching(
      new RegExp(
        `127\\.0\\.0\\.1:\\d+ - 10 "A IN www\\.example\\.org\\. tcp 33 false 65535" NOERROR qr,ra 49${took}`,
      ),
    ),
  ]);
});

it('writes lines of JSON where that is wanted', async () => {
  const [port, upstream] = await Promise.all([freePort(), startUpstream()]);
  const daemon = await startDaemon({
    corefile: corefile(port, upstream, 'log . "{type} {name} {rcode} \\"quoted\\""'),
    args: ['--log-format', 'json'],
  });
  const client = await UdpClient.open({ port });
  await client.ask(rawQuery({ name: 'fails.org' }));
  // A name that would be a line, or the end of a string.
  const nasty = Buffer.from('\u0001\n\u0001"\u0001\\\u0003org\u0000', 'latin1');
  const question = rawQuery({ name: 'x' });
  await client.ask(Buffer.concat([question.subarray(0, 12), nasty, question.subarray(15)]));
  const done = daemon.waitForLine(/Reloading complete/);
  daemon.signal('SIGUSR1');
  await done;
  const records = daemon.lines().map((line) => JSON.parse(line) as Record<string, string>);
  for (const { level, time, msg } of records) {
    expect(['info', 'warn', 'error']).toContain(level);
    expect(new Date(time).toISOString()).toBe(time);
    expect(msg).not.toBe('');
  }
  expect(records).toContainEqual(
    expect.objectContaining({ level: 'info', msg: 'A fails.org. SERVFAIL "quoted"' }),
  );
  expect(records).toContainEqual(
    expect.objectContaining({ level: 'info', msg: String.raw`A \010.\".\\.org. NOERROR "quoted"` }),
  );
  expect(records.filter(({ level }) => level === 'error').map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/2 fails\.org\. A: /),
  ]);
});

it.each([
  ['a pipe, as in a container', 'pipe'],
  ['a socket, as under systemd', 'socket'],
])('answers on, and stops when told to, while nobody reads the log from %s', async (_, kind) => {
  const [port, metrics, upstream] = await Promise.all([freePort(), freePort(), startUpstream()]);
  const pipe = new Fifo();
  onTestFinished(() => pipe.remove());
  const file = tempFile(corefile(port, upstream, `log\n prometheus 127.0.0.1:${metrics}`));
  const daemon = spawn(process.execPath, ['src/main.ts', 'serve', '--conf', file], {
    cwd: REPOSITORY_ROOT,
    // Node makes a socket of what it calls a pipe, and reads it when somebody listens.
    stdio: ['ignore', kind === 'socket' ? 'pipe' : pipe.openBlocking(), 'inherit'],
  });
  onTestFinished(() => void daemon.kill('SIGKILL'));
  const client = await UdpClient.open({ port });
  const query = rawQuery({ name: 'www.example.org' });
  await eventually(() =>
    client.ask(query, 50).then(
      () => true,
      () => false,
    ),
  );
  // Both hold some hundred KiB at most, and a line takes about 100 octets.
  const stream = await startQueryStream({ port, query: () => Buffer.from(query) });
  const dropped = async (): Promise<number> => (await scrape(metrics)).sum('nodelocaldns_log_dropped_total');
  await eventually(async () => {
    await stream.settled(stream.settledCount + 2_000);
    return (await dropped()) > 0;
  });
  const { asked, lost, rcodes } = await stream.stop();
  expect(lost).toEqual([]);
  expect(rcodes).toEqual({ 0: asked });
  const ended = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
