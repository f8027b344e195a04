/** Whatever clients ask, the metrics have the series that they had: no name, type or class of theirs makes one. */
import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const HOSTILE = [String.raw`\"}\010evil{a=\"b`, String.raw`\255\254`, String.raw`\000`, String.raw`a\\b`];

it('names and types that clients choose make no series', async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: [] }));
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metrics}
      errors
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const client = await UdpClient.open({ port });
  let id = 0;
  const flood = async (round: number): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      const name = `${HOSTILE[i % HOSTILE.length]}.n${round}-${i}.test.`;
      await client.ask(rawQuery({ id: id++, name, type: `TYPE${60_000 + 100 * round + i}` }));
      await client.ask(rawQuery({ id: id++, name, class: `CLASS${100 + 100 * round + i}` }));
      await client.ask(rawQuery({ id: id++, name, flags: (i % 16) << 11 }));
    }
  };
  const seriesOf = async (): Promise<readonly string[]> => {
    const { families } = await scrape(metrics);
    return [...families.values()].flatMap(({ series }) =>
      series.map(({ name, labels }) => `${name} ${JSON.stringify([...labels])}`),
    );
  };
  await flood(1);
  const before = await seriesOf();
  await flood(2);
  expect(await seriesOf()).toEqual(before);
  expect(before.filter((series) => /evil|n1-|TYPE6/.test(series))).toEqual([]);
  await upstream.close();
});
