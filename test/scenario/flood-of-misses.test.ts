/**
 * A flood of questions that nobody has asked before: those for whose exchange there is a place are asked upstream in their turn, the others
 * are told at once that there is none, and who asks for what is in memory gets it.
 */
import { expect, it, onTestFinished } from 'vitest';
import { LONGEST_LINE, MOST_PER_TURN } from '../../src/chain/exchange-gate.ts';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/page.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';
import { reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

/** Sockets enough to hold the flood with the buffers that every kernel grants, while the daemon is stopped. */
const ADDRESSES = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 1}`);
const MISSES_EACH = 180;
const HIT = rawQuery({ name: 'known.example.org', id: 0xffff });

it('costs those who are in it, and nobody who asks for what is known', async () => {
  const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
  onTestFinished(() => upstream.close());
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const daemon = await startDaemon({
    corefile: `.:${port} {
      bind ${ADDRESSES.join(' ')}
      prometheus 127.0.0.1:${metricsPort}
      cache
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
        read_timeout 4s
      }
    }
`,
  });
  const clients = await Promise.all(ADDRESSES.map((host) => UdpClient.open({ host, port })));
  await clients[0].ask(HIT);

  // All of it is there when the daemon reads the first of it.
  daemon.signal('SIGSTOP');
  const flood = clients.flatMap((client, index) =>
    Array.from({ length: MISSES_EACH }, (_, id) =>
      client.ask(rawQuery({ name: `miss-${index}-${id}.example.org`, id, edns: {} })),
    ),
  );
  const hits = clients.map((client) => client.ask(HIT));
  daemon.signal('SIGCONT');

  for (const hit of await Promise.all(hits)) {
    expect(readReply(hit)).toMatchObject({
      rcode: 'NOERROR',
      answer: [expect.stringContaining('192.0.2.1')],
    });
  }
  const answers = await Promise.all(flood);
  const refused = answers.filter((answer) => readReply(answer).rcode === 'SERVFAIL');
  const answered = answers.filter((answer) => readReply(answer).rcode === 'NOERROR');
  expect(refused.length + answered.length).toBe(ADDRESSES.length * MISSES_EACH);
  expect(answered.length).toBeGreaterThanOrEqual(LONGEST_LINE);
  expect(refused.length).toBeGreaterThan(MOST_PER_TURN);
  expect(new Set(refused.map((answer) => readOpt(answer)?.error))).toEqual(new Set(['0 too many queries']));
  // All that were not refused, and what is known.
  expect(new Set(upstream.queries.map(({ name }) => name)).size).toBe(answered.length + 1);
  const metrics = await scrape(metricsPort);
  expect(metrics.sum('nodelocaldns_forward_overload_rejects_total')).toBe(refused.length);
});
