/** A name in use is asked for again before its answer expires, so that nobody waits for a slow upstream. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const REFRESHES = 3;

it.each([
  ['over UDP', ''],
  ['over TCP', 'force_tcp'],
])('a name that is asked for all the time is waited for once, %s', async (_, options) => {
  const upstream = await startScriptedUpstream(() => later(200, reply({ answers: ['@ 2 IN A 192.0.2.1'] })));
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      cache {
        success 1024 3600 0
        prefetch 2 1m 50%
      }
      forward . 127.0.0.1:${upstream.port} {
        ${options}
      }
    }
`,
  });
  const clients = await Promise.all(Array.from({ length: 5 }, () => UdpClient.open({ port })));
  let id = 0;
  const ask = async (client: UdpClient, name: string): Promise<readonly string[]> =>
    readReply(await client.ask(rawQuery({ name, id: ++id }))).answer;
  await ask(clients[0], 'seldom.example');
  await eventually(async () => {
    const answers = await Promise.all(clients.map((client) => ask(client, 'busy.example')));
    for (const answer of answers) expect(answer).toHaveLength(1);
    return upstream.queries.length === 2 + REFRESHES;
  });
  // One miss, which the others waited for too, and no more of them.
  const metrics = await scrape(metricsPort);
  expect(metrics.sum('coredns_cache_misses_total')).toBe(1 + clients.length);
  expect(metrics.sum('coredns_cache_prefetch_total')).toBe(REFRESHES);
  expect(upstream.queries.map(({ name }) => name)).toEqual([
    'seldom.example.',
    ...Array.from({ length: 1 + REFRESHES }, () => 'busy.example.'),
  ]);
});
