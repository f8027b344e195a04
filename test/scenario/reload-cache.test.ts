/** A reload keeps what a cache knows where its block and its lines stay the same, and begins anew where they do not. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

interface Variant {
  readonly cache?: string;
  readonly forward?: string;
  readonly keys?: readonly string[];
  readonly more?: string;
}

const CACHE = 'cache {\n success 2000 30\n denial 2000 5\n }';

it.each<readonly [string, Variant, Variant, boolean]>([
  ['nothing changes', {}, {}, true],
  ['only the upstream changes', {}, { forward: 'force_tcp' }, true],
  ['a directive is added', {}, { more: 'errors' }, true],
  ['the same is written on other lines', {}, { more: '# a comment\n\n' }, true],
  ['a TTL of the cache changes', {}, { cache: 'cache {\n success 2000 20\n denial 2000 5\n }' }, false],
  [
    'the capacity of the cache changes',
    {},
    { cache: 'cache {\n success 3000 30\n denial 2000 5\n }' },
    false,
  ],
  ['the cache goes away', {}, { cache: '' }, false],
  ['the block gets one more key', {}, { keys: ['example', 'org'] }, false],
])('when %s', async (_, before, after, isKept) => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metrics] = await Promise.all([freePort(), freePort()]);
  const corefile = ({ cache = CACHE, forward = '', keys = ['example'], more = '' }: Variant): string => `
    ${keys.map((key) => `${key}:${port}`).join(' ')} {
      ${more}
      bind 127.0.0.1
      prometheus 127.0.0.1:${metrics}
      ${cache}
      forward . 127.0.0.1:${upstream.port} {
        ${forward}
      }
    }
`;
  const daemon = await startDaemon({ corefile: corefile(before) });
  const client = await UdpClient.open({ port });
  const ask = async (): Promise<readonly string[]> =>
    readReply(await client.ask(rawQuery({ name: 'www.example.' }))).answer;

  await ask();
  expect(upstream.queries).toHaveLength(1);
  const done = daemon.waitForLine(/Reloading complete/);
  daemon.reload(corefile(after));
  daemon.signal('SIGUSR1');
  await done;
  expect(await ask()).toEqual([expect.stringMatching(/^www\.example\. (?:30|2\d|20) IN A 192\.0\.2\.1$/)]);
  expect(upstream.queries).toHaveLength(isKept ? 1 : 2);
  if (isKept) {
    expect((await scrape(metrics)).sum('coredns_cache_entries', { type: 'success' })).toBe(1);
  }
});
