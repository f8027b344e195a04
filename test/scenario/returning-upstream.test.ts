/** A cluster DNS that goes away and comes back: what is known stays known, the rest fails fast, and it is used again as soon as it is back. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { Script } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const answer: Script = () => reply({ answers: ['@ 30 IN A 192.0.2.1'] });

it.each([
  ['over UDP', ''],
  ['over kept TCP connections', 'force_tcp'],
])('finds an upstream again %s', async (_, options) => {
  const upstream = await startScriptedUpstream(answer);
  const { port: upstreamPort } = upstream;
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      cache
      prometheus 127.0.0.1:${metricsPort}
      forward . 127.0.0.1:${upstreamPort} {
        health_check 50ms domain health.example
        max_fails 1
        failfast_all_unhealthy_upstreams
        ${options}
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  const ask = async (name: string): Promise<string> =>
    readReply(await client.ask(rawQuery({ name, id: ++id }))).rcode;

  expect(await ask('known.example')).toBe('NOERROR');
  await upstream.close();
  expect(await ask('new-1.example')).toBe('SERVFAIL');
  // Two failed checks in a row, and the upstream is left out.
  const failures = async (): Promise<number> =>
    (await scrape(metricsPort)).sum('coredns_proxy_healthcheck_failures_total', {
      to: `127.0.0.1:${upstreamPort}`,
    });
  await eventually(async () => (await failures()) >= 2);
  expect(await ask('new-2.example')).toBe('SERVFAIL');
  expect((await scrape(metricsPort)).sum('coredns_forward_healthcheck_broken_total')).toBeGreaterThan(0);
  expect(await ask('known.example')).toBe('NOERROR');

  const again = await startScriptedUpstream(answer, { port: upstreamPort });
  onTestFinished(() => again.close());
  const [check] = await again.waitForQueries(1);
  expect(check.name).toBe('health.example.');
  // The answer to the check is on its way; whoever asks before it is there is told so at once.
  await eventually(async () => (await ask('new-3.example')) === 'NOERROR');
  expect(again.queries.filter(({ name }) => name === 'new-3.example.')).toHaveLength(1);
  // A good check is the last.
  expect(again.queries.filter(({ name }) => name === 'health.example.')).toHaveLength(1);
});
