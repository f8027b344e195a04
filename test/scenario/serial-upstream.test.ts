/** CoreDNS answers a connection strictly in order. A name that takes it seconds must not keep those waiting who ask for others. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import { later, reply, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { UdpClient } from '../support/udp-client.ts';

/** What a cluster DNS waits for a name server that does not answer. */
const SLOW_MS = 1_500;
const OTHERS_MS = 1_000;
const COUNT = 400;
/** Every so many names one is slow. */
const SLOW_EACH = 40;

it('holds nobody up for a slow name', async () => {
  const answer = reply({ answers: ['@ 30 IN A 192.0.2.1'] });
  const upstream = await startScriptedUpstream(
    ({ name }) => later(name.startsWith('slow') ? SLOW_MS : 1, answer),
    { serialTcp: true, udp: false },
  );
  onTestFinished(() => upstream.close());
  const port = await freePort();
  await startDaemon({
    corefile: `.:${port} {
      bind 127.0.0.1
      forward . 127.0.0.1:${upstream.port} {
        force_tcp
      }
    }
`,
  });
  const client = await UdpClient.open({ port });
  const ask = async (id: number): Promise<{ isSlow: boolean; rcode: string; ms: number }> => {
    const isSlow = id % SLOW_EACH === 0;
    const began = performance.now();
    const { rcode } = readReply(
      await client.ask(rawQuery({ name: `${isSlow ? 'slow' : 'fast'}-${id}.example.`, id })),
    );
    return { isSlow, rcode, ms: performance.now() - began };
  };
  const asked = [];
  for (let id = 1; id <= COUNT; id++) {
    asked.push(ask(id));
    await delay(5);
  }
  const outcomes = await Promise.all(asked);
  expect(outcomes.filter(({ rcode }) => rcode !== 'NOERROR')).toEqual([]);
  const msOf = (slow: boolean): number[] =>
    outcomes
      .filter(({ isSlow }) => isSlow === slow)
      .map(({ ms }) => ms)
      .toSorted((a, b) => a - b);
  expect(msOf(false).at(-1)).toBeLessThan(OTHERS_MS);
  // Nearly all of them do not notice.
  expect(msOf(false)[Math.floor(COUNT * 0.9)]).toBeLessThan(150);
  expect(msOf(true)[0]).toBeGreaterThan(SLOW_MS - 50);
  // What is slow is asked three times at most, and what stood behind it mostly once.
  expect(upstream.queries.length).toBeLessThan(COUNT * 1.15);
});
