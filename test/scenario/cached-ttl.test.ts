/** A cached answer says how long it is still good for, and is asked for again when it no longer is. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { startClusterDaemon } from '../support/cluster-daemon.ts';
import type { ClusterDaemon } from '../support/cluster-daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { requireTools } from '../support/tools.ts';
import { UdpClient } from '../support/udp-client.ts';

const { available, reason } = requireTools('knotd', 'dig');

const ttlOf = (record: string | undefined): number => Number(record?.split(' ')[1]);

it.each([
  [
    'the MINIMUM of the SOA where that is shorter',
    'example. 30 IN SOA ns.example. root.example. 1 1 1 1 7',
    7,
  ],
  ['the TTL of the SOA where that is shorter', 'example. 7 IN SOA ns.example. root.example. 1 1 1 1 30', 7],
])('is, for a denial, %s', async (_, soa, seconds) => {
  const upstream = await startScriptedUpstream(() => reply({ rcode: 'NXDOMAIN', authority: [soa] }));
  onTestFinished(() => upstream.close());
  const port = await freePort();
  const corefile = `.:${port} {\n bind 127.0.0.1\n cache\n forward . 127.0.0.1:${upstream.port}\n}\n`;
  await startDaemon({ corefile });
  const client = await UdpClient.open({ port });
  const { authority } = readReply(await client.ask(rawQuery({ name: 'nobody.example' })));
  expect(authority.map(ttlOf)).toEqual([seconds]);
});

describe.skipIf(!available)(`the TTL of a cached answer ${reason}`, () => {
  let cluster: ClusterDaemon;
  beforeAll(async () => {
    // Positive answers for at most 30 s, denials for one.
    cluster = await startClusterDaemon('{\n success 9984 30\n denial 9984 1 0\n }');
  });
  afterAll(() => cluster.stop());

  it('counts down, each record by itself, and ends', async () => {
    const beganMs = performance.now();
    const lasting = await cluster.ask('lasting.default.svc');
    const fleeting = await cluster.ask('fleeting.default.svc');
    const nobody = await cluster.ask('nobody.default.svc');
    expect(ttlOf(lasting.answer[0])).toBe(30);
    // `cache` keeps what must not be kept for five seconds, as CoreDNS does, unless it is told another minimum.
    expect(ttlOf(fleeting.answer[0])).toBe(5);
    expect(ttlOf(nobody.authority[0])).toBe(1);
    const before = await scrape(cluster.metricsPort);
    await delay(1_100);
    const older = await cluster.ask('lasting.default.svc');
    const dying = await cluster.ask('fleeting.default.svc');
    // On a slow machine more than that second has gone by.
    const goneSeconds = Math.floor((performance.now() - beganMs) / 1000);
    const within = (full: number): number[] =>
      Array.from({ length: goneSeconds }, (_, gone) => full - 1 - gone);
    expect(within(30)).toContain(ttlOf(older.answer[0]));
    expect(within(5)).toContain(ttlOf(dying.answer[0]));
    expect(ttlOf((await cluster.ask('nobody.default.svc')).authority[0])).toBe(1);
    const after = await scrape(cluster.metricsPort);
    const grown = (name: string): number => after.sum(name) - before.sum(name);
    expect(grown('coredns_cache_hits_total')).toBe(2);
    expect(grown('coredns_cache_misses_total')).toBe(1);
  });
});
