/** A client that asks over TCP and takes none of the answers keeps its connection no longer than `write` says. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { longAnswerHosts, longAnswerQueries } from './support/long-answer.ts';

/** Answers of 25 MB together: more than the kernel keeps for a client. */
const QUERIES = 400;

it('a client that reads nothing is closed after `write`', async () => {
  const hosts = longAnswerHosts();
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `test:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      timeouts {
        read 1m
        idle 1m
        write 1
      }
      hosts ${hosts}
    }
`,
  });
  const connections = async (): Promise<number> =>
    (await scrape(metricsPort)).sum('nodelocaldns_tcp_connections');
  const client = await TcpClient.open({ port });
  client.pauseReading();
  await eventually(async () => (await connections()) === 1);
  const startMs = performance.now();
  client.write(longAnswerQueries(QUERIES));
  await eventually(async () => (await connections()) === 0);
  const ms = performance.now() - startMs;
  expect(ms).toBeGreaterThan(500);
  // Without the option it would be 5 s.
  expect(ms).toBeLessThan(4_000);
  client.resumeReading();
  await client.ended;
  expect(client.received.length).toBeLessThan(QUERIES);
});
