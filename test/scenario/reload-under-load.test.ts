/** Clients notice nothing of a reload: not one query is lost, whatever the new Corefile adds, removes or changes. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, isFree } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

/** Both ways of reading datagrams have to hold, wherever the first of them works. */
const UDP_MODES = ['auto', 'batch', 'dgram'];
const RELOADS = 20;
const LEAST_QUERIES = 1_000;
/** Long enough that queries are on their way at every reload. */
const UPSTREAM_MS = 5;

const startUpstream = async (address: string): Promise<ScriptedUpstream> => {
  const upstream = await startScriptedUpstream(() =>
    later(UPSTREAM_MS, reply({ answers: [`@ 1 IN A ${address}`] })),
  );
  onTestFinished(() => upstream.close());
  return upstream;
};

it.each(UDP_MODES)('loses no query in twenty reloads, with --udp=%s', async (udp) => {
  const [one, other] = [await startUpstream('192.0.2.1'), await startUpstream('192.0.2.2')];
  const [port, extra, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  const block = (key: string, upstream: ScriptedUpstream, options = ''): string => `${key} {
      bind 127.0.0.1
      errors
      prometheus 127.0.0.1:${metrics}
      cache 30
      forward . 127.0.0.1:${upstream.port} {
        ${options}
      }
    }
`;
  const corefiles = [
    block(`.:${port}`, one),
    // Another upstream, over TCP.
    block(`.:${port}`, other, 'force_tcp'),
    // One more server block, and one more port.
    block(`.:${port}`, one) + block(`added.example:${port} .:${extra}`, other),
    // The block that was added alone has other options.
    block(`.:${port}`, one) + block(`added.example:${port}`, other, 'policy sequential'),
  ];
  const daemon = await startDaemon({ corefile: corefiles[0], args: ['--udp', udp] });
  const connection = await TcpClient.open({ port });
  // One question in four is known already, one goes to the block that comes and goes, the rest are new.
  const stream = await startQueryStream({
    port,
    query: (number) => {
      const names = ['known.example', `n${number}.added.example`, `n${number}.example`, `m${number}.example`];
      return rawQuery({ name: names[number % names.length] });
    },
  });

  for (let reload = 1; reload <= RELOADS; reload++) {
    await stream.settled((reload * LEAST_QUERIES) / RELOADS);
    const done = daemon.waitForNextLine(/Reloading complete|Restart failed/);
    daemon.reload(corefiles[reload % corefiles.length]);
    daemon.signal('SIGUSR1');
    expect(await done).toBe('[INFO] Reloading complete');
    connection.write(framed(rawQuery({ name: `t${reload}.example`, id: reload })));
  }
  const { asked, lost, rcodes } = await stream.stop();
  expect(lost).toEqual([]);
  expect(asked).toBeGreaterThanOrEqual(LEAST_QUERIES);
  // Nor did any of them get a SERVFAIL in place of its answer.
  expect(rcodes).toEqual({ 0: asked });
  const overTcp = await connection.waitForMessages(RELOADS);
  expect(new Set(overTcp.map((message) => readReply(message).rcode))).toEqual(new Set(['NOERROR']));
  const page = await scrape(metrics);
  expect(page.sum('coredns_reload_failed_total')).toBe(0);
  expect(page.sum('coredns_panics_total')).toBe(0);
  expect(daemon.lines().filter((line) => line.startsWith('[ERROR]'))).toEqual([]);
});

it('answers what a port was asked before the reload that closes it', async () => {
  const upstream = await startUpstream('192.0.2.1');
  const answered = Promise.withResolvers<void>();
  upstream.script = () => later(answered.promise, reply());
  const [port, extra] = await Promise.all([freePort(), freePort()]);
  const block = (key: string): string => `${key} {
      bind 127.0.0.1
      forward . 127.0.0.1:${upstream.port}
    }
`;
  const daemon = await startDaemon({ corefile: block(`.:${port} .:${extra}`) });
  const [overUdp, overTcp] = await Promise.all([
    UdpClient.open({ port: extra }),
    TcpClient.open({ port: extra }),
  ]);
  const answer = overUdp.ask(rawQuery({ name: 'one.example', id: 1 }));
  overTcp.write(framed(rawQuery({ name: 'two.example', id: 2 })));
  await upstream.waitForQueries(2);
  const done = daemon.waitForLine(/Reloading complete/);
  daemon.reload(block(`.:${port}`));
  daemon.signal('SIGUSR1');
  await done;
  answered.resolve();
  expect(readReply(await answer)).toMatchObject({ id: 1, rcode: 'NOERROR' });
  expect(readReply((await overTcp.waitForMessages(1))[0])).toMatchObject({ id: 2, rcode: 'NOERROR' });
  await overTcp.ended;
  // The port is somebody else's from now on.
  await eventually(() => isFree(extra));
});
