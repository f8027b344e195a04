/** Cached answers are waited for in the place of the event loop (`src/datagram/loop-wait.ts`): whatever else there is to do is done in time. */
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { TcpClient, framed } from '../support/tcp-client.ts';
import { UdpClient } from '../support/udp-client.ts';

/** What is waited with is there from the first such wait on, or from the start. */
const WAITED_WITH: Readonly<Record<string, string>> = {
  batch: 'anon_inode:[timerfd]',
  ring: 'anon_inode:[io_uring]',
};
const KNOWN = 'known.test';
const ROUNDS = 20;

/** Descriptors may be gone by the time that they are looked at. */
function descriptorsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(join(directory, fd))];
    } catch {
      return [];
    }
  });
}

it.each([
  ['UDP', 'batch', ''],
  ['TCP', 'batch', 'force_tcp'],
  ['UDP', 'ring', ''],
  ['TCP', 'ring', 'force_tcp'],
])(
  'beside a stream of cached answers new names are asked over %s, connections and pages are served, timers fire, and it ends, with --udp=%s',
  async (_, udp, forward) => {
    const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 10 IN A 192.0.2.1'] }));
    onTestFinished(() => upstream.close());
    const [port, metrics] = await Promise.all([freePort(), freePort()]);
    const corefile = `.:${port} {
      bind 127.0.0.1
      errors
      prometheus 127.0.0.1:${metrics}
      cache 300 {
        prefetch 1 1m 90%
      }
      forward . 127.0.0.1:${upstream.port} {
        ${forward}
        expire 1s
      }
    }
`;
    const daemon = await startDaemon({ corefile, args: ['--udp', udp] });
    const stream = await startQueryStream({ port, window: 1, query: () => rawQuery({ name: KNOWN }) });
    await stream.settled(1_000);
    expect(descriptorsOf(daemon.pid)).toContain(WAITED_WITH[udp]);

    const connection = await TcpClient.open({ port });
    const client = await UdpClient.open({ port });
    for (let round = 1; round <= ROUNDS; round++) {
      const before = stream.settledCount;
      const name = `n${round}.test`;
      expect(readReply(await client.ask(rawQuery({ name }))).answer).toHaveLength(1);
      connection.write(framed(rawQuery({ name: KNOWN, id: round })));
      await connection.waitForMessages(round);
      expect((await scrape(metrics)).sum('coredns_dns_requests_total')).toBeGreaterThan(round);
      await stream.settled(before + 1);
    }
    // It is prefetched when less than 90% of its TTL is left.
    await eventually(() => upstream.queries.filter(({ name }) => name === `${KNOWN}.`).length > 1);
    // What is kept open to the upstream ends by a timer.
    if (forward !== '') await upstream.waitForConnections(0);

    const reloaded = daemon.waitForNextLine(/Reloading complete|Restart failed/);
    daemon.reload(corefile.replace('cache 300', 'cache 200'));
    daemon.signal('SIGUSR1');
    expect(await reloaded).toBe('[INFO] Reloading complete');
    const { lost, rcodes } = await stream.stop();
    expect({ lost, kinds: Object.keys(rcodes) }).toEqual({ lost: [], kinds: ['0'] });
    expect((await scrape(metrics)).sum('coredns_panics_total')).toBe(0);
    await startQueryStream({ port, window: 1, query: () => rawQuery({ name: KNOWN }) });
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });
  },
);
