/** A client over IPv6 gets addresses of a gateway for names that have IPv4 addresses only, from memory too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const SOA = 'test. 20 IN SOA ns.test. root.test. 1 1 1 1 20';

describe('dns64', () => {
  let upstream: ScriptedUpstream;
  let daemon: Daemon;
  let port: number;
  let metricsPort: number;
  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ name, type }) => {
      if (name.startsWith('gone.')) return reply({ rcode: 'NXDOMAIN', authority: [SOA] });
      if (name.startsWith('six.') && type === 'AAAA') return reply({ answers: ['@ 30 IN AAAA 2001:db8::6'] });
      if (type !== 'A') return reply({ authority: [SOA] });
      return reply({ answers: ['@ 30 IN CNAME www.elsewhere.', 'www.elsewhere. 30 IN A 192.0.2.1'] });
    });
    [port, metricsPort] = await Promise.all([freePort(), freePort()]);
    const block = (zone: string, dns64: string): string => `${zone}:${port} {
      bind 127.0.0.1 ::1
      prometheus 127.0.0.1:${metricsPort}
      ${dns64}
      cache 30
      forward . 127.0.0.1:${upstream.port}
    }
`;
    daemon = await startDaemon({
      corefile:
        block('plain.test', 'dns64') +
        block('all.test', 'dns64 {\n prefix 2001:db8:64::/96\n allow_ipv4\n translate_all\n }'),
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await upstream.close();
  });

  const ask = async (name: string, host = '::1', type = 'AAAA'): Promise<RawReply> => {
    const client = await UdpClient.open({ port, host });
    return readReply(await client.ask(rawQuery({ name, type })));
  };
  const answersOf = async (name: string, host?: string): Promise<string[]> =>
    (await ask(name, host)).answer.map(withoutTtl);

  it('answers from A records, twice the same', async () => {
    for (let round = 0; round < 2; round++) {
      expect(await answersOf('four.plain.test')).toEqual([
        'four.plain.test. IN CNAME www.elsewhere.',
        'www.elsewhere. IN AAAA 64:ff9b::c000:201',
      ]);
    }
    const asked = upstream.queries.filter(({ name }) => name === 'four.plain.test.').map(({ type }) => type);
    expect(asked.toSorted()).toEqual(['A', 'AAAA']);
    const metrics = await scrape(metricsPort);
    const labels = { server: `dns://[::1]:${port}` };
    expect(metrics.sum('coredns_dns64_requests_translated_total', labels)).toBe(2);
  });

  it('leaves names with AAAA records, names that do not exist, and clients over IPv4 alone', async () => {
    expect(await answersOf('six.plain.test')).toEqual(['six.plain.test. IN AAAA 2001:db8::6']);
    expect(await ask('gone.plain.test')).toMatchObject({ rcode: 'NXDOMAIN', answer: [] });
    expect(await answersOf('four.plain.test', '127.0.0.1')).toEqual([]);
  });

  it('translates everything for everybody where it is told to', async () => {
    expect((await answersOf('six.all.test', '127.0.0.1')).at(-1)).toBe(
      'www.elsewhere. IN AAAA 2001:db8:64::c000:201',
    );
    expect(await ask('gone.all.test')).toMatchObject({ rcode: 'NXDOMAIN' });
  });
});
