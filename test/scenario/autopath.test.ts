/** A client that walks a search path gets the answer at its first question, from upstream and from memory. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { tempFile } from '../support/temp-file.ts';
import { UdpClient } from '../support/udp-client.ts';
import { withoutTtl } from '../support/without-ttl.ts';

it('walks the path once, and then in memory', async () => {
  const upstream = await startScriptedUpstream(({ name, type }) => {
    if (name.toLowerCase() !== 'www.example.org.') {
      return reply({
        rcode: 'NXDOMAIN',
        authority: [`${name.split('.').slice(1).join('.') || '.'} 30 IN SOA ns.test. root.test. 1 1 1 1 30`],
      });
    }
    if (type === 'AAAA')
      return reply({ authority: ['example.org. 30 IN SOA ns.test. root.test. 1 1 1 1 30'] });
    return reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  });
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      autopath ${tempFile('search a.test b.test\n', 'resolv.conf')}
      cache 30
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const client = await UdpClient.open({ port });
  const ask = async (name: string, type = 'A'): Promise<RawReply> =>
    readReply(await client.ask(rawQuery({ name, type })));
  for (let round = 0; round < 3; round++) {
    const { rcode, question, answer } = await ask('Www.Example.org.A.test');
    expect({ rcode, question, answer: answer.map(withoutTtl) }).toEqual({
      rcode: 'NOERROR',
      question: 'Www.Example.org.A.test. IN A',
      answer: ['Www.Example.org.A.test. IN CNAME Www.Example.org.', 'Www.Example.org. IN A 192.0.2.1'],
    });
  }
  expect(upstream.queries.map(({ name }) => name.toLowerCase())).toEqual([
    'www.example.org.a.test.',
    'www.example.org.b.test.',
    'www.example.org.',
  ]);
  expect(await ask('www.example.org.a.test', 'AAAA')).toMatchObject({ rcode: 'NOERROR', answer: [] });
  // From memory the second time: other denials were looked at before this one is given.
  for (let round = 0; round < 2; round++) {
    expect(await ask('nobody.a.test')).toMatchObject({
      rcode: 'NXDOMAIN',
      question: 'nobody.a.test. IN A',
      authority: [expect.stringMatching(/^a\.test\. \d+ IN SOA /)],
    });
  }
  const metrics = await scrape(metricsPort);
  expect(metrics.series('coredns_autopath_success_total')).toEqual([`server=dns://127.0.0.1:${port}`]);
  expect(metrics.sum('coredns_autopath_success_total')).toBe(4);
});
