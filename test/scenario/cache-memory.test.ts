/** All caches together take no more memory than `--cache-memory` says, however many names are asked; and what is answered stays right. */
import { expect, it, onTestFinished } from 'vitest';
import { runCli, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { startQueryStream } from '../support/query-stream.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const MIB = 1024 * 1024;
/** Of about half a thousand octets each: twice as many as fit. */
const NAMES = 4_000;
const FILLER = 'x'.repeat(240);

const nameOf = (number: number): string => `n${number}.example.`;
const answerOf = (number: number): string[] => [`${nameOf(number)} IN TXT "${nameOf(number)}" "${FILLER}"`];

it('keeps to its memory while far more names are asked than fit', async () => {
  const upstream = await startScriptedUpstream(({ name }) =>
    reply({ answers: [`@ 3600 IN TXT ${name} ${FILLER}`] }),
  );
  onTestFinished(() => upstream.close());
  const [port, pages] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    args: ['--cache-memory', '1Mi'],
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${pages}
      cache
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const stream = await startQueryStream({
    port,
    query: (number) => rawQuery({ name: nameOf(number), type: 'TXT' }),
  });
  await stream.settled(NAMES);
  const { asked, lost, rcodes } = await stream.stop();
  expect({ lost, rcodes }).toEqual({ lost: [], rcodes: { 0: asked } });

  const metrics = await scrape(pages);
  const entries = metrics.sum('coredns_cache_entries');
  const octets = metrics.sum('nodelocaldns_cache_memory_bytes');
  expect(metrics.sum('nodelocaldns_cache_memory_limit_bytes')).toBe(MIB);
  expect(octets).toBeLessThanOrEqual(MIB);
  expect(octets).toBeGreaterThan(MIB - 1000);
  expect(entries).toBeLessThan(NAMES);
  expect(entries).toBeGreaterThan(NAMES / 4);
  expect(entries + metrics.sum('coredns_cache_evictions_total')).toBe(asked);

  const client = await UdpClient.open({ port });
  const answerTo = async (number: number): Promise<readonly string[]> =>
    readReply(await client.ask(rawQuery({ name: nameOf(number), type: 'TXT' }))).answer.map(withoutTtl);
  const fromUpstream = async (numbers: readonly number[]): Promise<number> => {
    const before = upstream.queries.length;
    for (const number of numbers) expect(await answerTo(number)).toEqual(answerOf(number));
    return upstream.queries.length - before;
  };
  // Whichever were kept last are there still; the first ones have left, and are asked for again.
  const last = Array.from({ length: 20 }, (_, i) => asked - 100 - i * 40);
  expect(await fromUpstream(last)).toBe(0);
  expect(await fromUpstream([0, 1, 500])).toBe(3);
  expect(await fromUpstream([0, 1, 500, ...last])).toBe(0);
  expect((await scrape(pages)).sum('nodelocaldns_cache_memory_bytes')).toBeLessThanOrEqual(MIB);
});

it.each(['0', '1023Ki', '17Gi', '-1Mi', 'lots', '1MB', ''])(
  'is not "%s": ends with 2 and says why',
  async (size) => {
    const { code, stdout, stderr } = await runCli(['serve', '--cache-memory', size]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^--cache-memory: /m);
    expect(stderr).toContain(`"${size}"`);
  },
);
