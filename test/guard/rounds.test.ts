/** Rounds over real sockets and real time: what a question's end means when the process itself was late. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { Lease } from '../../src/guard/lease.ts';
import { SocketProber } from '../../src/guard/prober.ts';
import type { ProbeResult } from '../../src/guard/prober.ts';
import { Rounds } from '../../src/guard/rounds.ts';
import { readId, writeId } from '../../src/wire/header.ts';
import { probeAnswer } from '../../src/wire/probe.ts';
import { eventually } from '../support/eventually.ts';

const HOST = '127.0.0.1';
/** Above the ports that the kernel gives out, and away from those of other tests. */
const FIRST_PORT = 62_200;

/** @param answers whether the server does. @param answered is called after each answer */
async function begin(
  answers: () => boolean,
  answered: () => void = () => undefined,
): Promise<{ rounds: Rounds; udp: ProbeResult[] }> {
  const server = createSocket('udp4', (query, { port, address }) => {
    const answer = probeAnswer('a', 'serving');
    writeId(answer, readId(query));
    if (!answers()) return;
    server.send(answer, port, address);
    answered();
  }).bind(0, HOST);
  await once(server, 'listening');
  const dnsPort = server.address().port;
  const prober = new SocketProber({ dnsPort, instance: 'a', clock: SYSTEM_CLOCK, firstPort: FIRST_PORT });
  const udp: ProbeResult[] = [];
  const rounds = new Rounds({
    leases: [new Lease({ address: HOST, leaseMs: 1_000, top: 'intercepting' })],
    prober,
    clock: SYSTEM_CLOCK,
    intervalMs: 250,
    probed: (_lease, result) => {
      if (result.proto === 'udp') udp.push(result);
    },
    stalled: () => undefined,
  });
  onTestFinished(() => {
    rounds.stop();
    prober.release();
    server.close();
  });
  return { rounds, udp };
}

it('takes an answer that came before the next round, though this process did not run then', async () => {
  let isFirst = true;
  const { rounds, udp } = await begin(
    () => true,
    () => {
      if (!isFirst) return;
      isFirst = false;
      // The round is due before this process comes to look for what was sent to it.
      setTimeout(() => rounds.next(), 1);
      const untilMs = performance.now() + 20;
      while (performance.now() < untilMs);
    },
  );
  rounds.start();
  await eventually(() => udp.length === 2);
  expect(udp.map(({ outcome }) => outcome)).toEqual(['good', 'good']);
});

it('gives up at the next round, and asks anew in the same one', async () => {
  let answers = false;
  const { rounds, udp } = await begin(() => answers);
  rounds.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(udp).toEqual([]);
  answers = true;
  rounds.next();
  await eventually(() => udp.length === 2);
  expect(udp).toMatchObject([{ outcome: 'failed', why: 'no answer' }, { outcome: 'good' }]);
});
