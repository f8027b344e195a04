/** However many ask the same thing at the same time, the upstream is asked once, and all get its answer. */
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

const CLIENTS = 200;

it.each([
  ['with a cache', 'cache', 'auto'],
  ['without one', '', 'auto'],
  ['with a cache, one datagram at a time', 'cache', 'dgram'],
])('asks once for 200 clients %s', async (_, cache, udp) => {
  const answered = Promise.withResolvers<void>();
  const upstream = await startScriptedUpstream(() =>
    later(answered.promise, reply({ answers: ['@ 30 IN A 192.0.2.1'] })),
  );
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    args: ['--udp', udp],
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      ${cache}
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => UdpClient.open({ port })));
  // Every client its own port, id and case of the name.
  const replies = clients.map((client, index) => {
    const name = index % 2 === 0 ? 'busy.example.org.' : 'BUSY.Example.Org.';
    return client.ask(rawQuery({ name, id: index }));
  });
  await upstream.waitForQueries(1);
  // The socket is read in order, so an answer to a later question says that all of them have been read.
  const last = await UdpClient.open({ port });
  const probe = last.ask(rawQuery({ name: 'probe.example.org' }));
  await upstream.waitForQueries(2);
  answered.resolve();
  await probe;

  const received = (await Promise.all(replies)).map(readReply);
  expect(received.map(({ id }) => id)).toEqual(clients.map((_client, index) => index));
  for (const { rcode, answer, question } of received) {
    expect(rcode).toBe('NOERROR');
    const [name] = question.split(' ');
    expect(answer).toEqual([`${name} 30 IN A 192.0.2.1`]);
  }
  expect(upstream.queries.map(({ name }) => name.toLowerCase())).toEqual([
    'busy.example.org.',
    'probe.example.org.',
  ]);
  const metrics = await scrape(metricsPort);
  expect(metrics.sum('coredns_dns_responses_total', { rcode: 'NOERROR' })).toBe(CLIENTS + 1);
  expect(metrics.sum('coredns_proxy_request_duration_seconds_count')).toBe(2);
});

const PORTS = 100;
const IDS = 100;

it.each([
  ['with a cache', 'cache', 'auto'],
  ['without one', '', 'auto'],
  ['with a cache, one datagram at a time', 'cache', 'dgram'],
])('asks once for 10,000 that wait at the same time %s', async (_, cache, udp) => {
  const answered = Promise.withResolvers<void>();
  const upstream = await startScriptedUpstream(() =>
    later(answered.promise, reply({ answers: ['@ 30 IN A 192.0.2.1'] })),
  );
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  await startDaemon({
    args: ['--udp', udp],
    corefile: `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${metricsPort}
      ${cache}
      forward . 127.0.0.1:${upstream.port}
    }
`,
  });
  // A client is a port with an id: as many sockets as that are more than many a machine lets a process open.
  const clients = await Promise.all(Array.from({ length: PORTS }, () => UdpClient.open({ port })));
  const replies: Promise<Buffer>[] = [];
  for (const client of clients) {
    for (let id = 0; id < IDS; id++) replies.push(client.ask(rawQuery({ name: 'busy.example.org', id })));
    // Refused at once; and since the daemon reads in order, all before it have been read. More at a time its socket might not hold.
    const refused = await client.ask(rawQuery({ name: 'busy.example.org', type: 'AXFR', id: IDS }));
    expect(readReply(refused).rcode).toBe('REFUSED');
  }
  await upstream.waitForQueries(1);
  answered.resolve();
  const answers = (await Promise.all(replies)).map((message) => readReply(message).answer.join());
  expect(answers).toHaveLength(PORTS * IDS);
  expect(new Set(answers)).toEqual(new Set(['busy.example.org. 30 IN A 192.0.2.1']));
  expect(upstream.queries).toHaveLength(1);
  const metrics = await scrape(metricsPort);
  expect(metrics.sum('coredns_dns_responses_total', { rcode: 'NOERROR' })).toBe(PORTS * IDS);
  expect(metrics.sum('coredns_proxy_request_duration_seconds_count')).toBe(1);
});
