/**
 * Clients that are slow on purpose: who asks for much and reads nothing, and who writes an octet at a time. They cost memory that is bounded
 * for all of them together, for a time that is bounded for each, and they cost others nothing.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { anonymousMib } from '../../bench/footprint.ts';
import { MAX_HELD_OCTETS } from '../../../src/listen/tcp.ts';
import { MESSAGE_MS, STALLED_MS } from '../../../src/listen/tcp-limits.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { scrape } from '../../support/page.ts';
import type { Scrape } from '../../support/page.ts';
import { rawQuery, readReply } from '../../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { TcpClient, framed } from '../../support/tcp-client.ts';

const SLOW = '127.0.0.66';
const OTHER = '127.0.0.2';
const MEBIBYTE = 1024 * 1024;
/** Beside what connections hold: answers on their way, and what the collector has not come to yet. */
const SPARE_MIB = 80;

interface Started {
  readonly daemon: Daemon;
  readonly port: number;
  readonly metrics: () => Promise<Scrape>;
}

async function start(): Promise<Started> {
  const large = Array.from({ length: 200 }, () => `@ 30 IN TXT "${'x'.repeat(250)}"`);
  const upstream = await startScriptedUpstream(({ type }) =>
    reply({ answers: type === 'TXT' ? large : ['@ 30 IN A 192.0.2.1'] }),
  );
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      cache
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
      }
    }
`,
  });
  return { daemon, port, metrics: () => scrape(metricsPort) };
}

async function isAnswered(client: TcpClient, type = 'A'): Promise<boolean> {
  const count = client.received.length;
  client.write(framed(rawQuery({ name: 'example.org', type })));
  const messages = await client.waitForMessages(count + 1);
  return readReply(messages[count] ?? new Uint8Array(0)).rcode === 'NOERROR';
}

describe('a client that is slow on a hundred connections', { timeout: 60_000 }, () => {
  const CONNECTIONS = 100;

  it('and reads nothing takes bounded memory, and loses them after a while', async () => {
    const { daemon, port, metrics } = await start();
    const other = await TcpClient.open({ port, from: OTHER });
    expect(await isAnswered(other, 'TXT')).toBe(true);
    const before = anonymousMib(daemon.pid);
    // 50 KB for each, some 10 MB on each connection: more than the kernel takes.
    const many = Buffer.concat(
      Array.from({ length: 200 }, (_, id) => framed(rawQuery({ name: 'example.org', type: 'TXT', id }))),
    );
    const readers = await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const reader = await TcpClient.open({ port, from: SLOW });
        reader.pauseReading();
        reader.write(many);
        return reader;
      }),
    );
    let most = 0;
    const until = performance.now() + STALLED_MS;
    await eventually(async () => {
      most = Math.max(most, anonymousMib(daemon.pid));
      expect(await isAnswered(other)).toBe(true);
      return performance.now() > until && (await metrics()).sum('nodelocaldns_tcp_connections') === 1;
    });
    expect(most - before).toBeLessThan(MAX_HELD_OCTETS / MEBIBYTE + SPARE_MIB);
    expect(readers).toHaveLength(CONNECTIONS);
    expect(await isAnswered(other)).toBe(true);
  });

  it('and writes an octet at a time has so long for a message, however many octets come', async () => {
    const { port, metrics } = await start();
    const other = await TcpClient.open({ port, from: OTHER });
    const writers = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => TcpClient.open({ port, from: SLOW })),
    );
    const began = performance.now();
    // A message of 64 KB, which would take hours.
    for (const writer of writers) writer.write(Buffer.of(0xff, 0xff));
    const writing = setInterval(() => {
      for (const writer of writers) writer.write(Buffer.of(0));
    }, 100);
    onTestFinished(() => clearInterval(writing));
    expect(await isAnswered(other)).toBe(true);
    await Promise.all(writers.map(({ ended }) => ended));
    expect(performance.now() - began).toBeGreaterThan(MESSAGE_MS - 100);
    expect(await isAnswered(other)).toBe(true);
    expect((await metrics()).sum('nodelocaldns_tcp_connections')).toBe(1);
  });
});
